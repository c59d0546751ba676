//! The application on actix-web, with the account inside of its routes.

use std::future::pending;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody, SizedStream};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Version;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Path};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, Route, guard};
use bytes::Bytes;
use tokio::task::yield_now;
use tokio::time::sleep;
use tower_metrics::actix_web::Metrics;

use super::bodies::{bursting, chunks, failing, length};
use super::tally::{Account, Head, Step, Tally};
use crate::sockets::{Server, private_exporter};

const WORKERS: usize = 3;

/// Longer than a client stays.
const LONG: Duration = Duration::from_millis(100);

pub(super) async fn serve(tally: &Tally) -> Server {
    let tally = tally.clone();
    let exporter = private_exporter();
    Server::start(exporter.clone(), |listener| {
        let app = move || {
            let mut app = App::new().wrap(Metrics::new(&exporter));
            for (template, route) in routes() {
                let watch = watch(&tally, template);
                app = app.service(web::resource(template).route(route).wrap(watch));
            }
            let missing = web::to(async || HttpResponse::NotFound().body("not here"));
            app.default_service(missing.wrap(watch(&tally, "unmatched")))
        };
        let server = HttpServer::new(app)
            .workers(WORKERS)
            .disable_signals()
            .h1_allow_half_closed(false)
            .listen_auto_h2c(listener.into_std().unwrap());
        // Dropping it stops its workers.
        let server = server.unwrap().run();
        async { server.await.unwrap() }
    })
    .await
}

/// Paths with a number in them do what they do that many times.
fn routes() -> [(&'static str, Route); 12] {
    let stream = async |times: Path<usize>| HttpResponse::Ok().streaming(chunks(*times));
    let endless = async || HttpResponse::Ok().streaming(chunks(usize::MAX));
    let fails = async |times: Path<usize>| HttpResponse::Ok().streaming(failing(*times));
    let panics = async |times: Path<usize>| HttpResponse::Ok().streaming(bursting(*times));
    let echo = async |payload| HttpResponse::Ok().streaming::<web::Payload, _>(payload);
    [
        ("/now", get().to(async || "now")),
        ("/empty", get().to(async || HttpResponse::Ok())),
        ("/nothing", get().to(async || HttpResponse::NoContent())),
        ("/later/{times}", get().to(later)),
        ("/never", get().to(never)),
        ("/stream/{times}", get().to(stream)),
        ("/sized/{times}", get().to(sized)),
        ("/endless", get().to(endless)),
        ("/fails/{times}", get().to(fails)),
        ("/panics", get().to(panicking)),
        ("/panics/{times}", get().to(panics)),
        ("/echo", web::post().to(echo)),
    ]
}

/// As axum's `get`, which takes `HEAD` too.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn later(times: Path<usize>) -> &'static str {
    for _ in 0..*times {
        yield_now().await;
    }
    "later"
}

/// Over HTTP/2 actix-web would wait for it for ever, though the client is gone.
async fn never(request: HttpRequest) -> &'static str {
    if request.version() == Version::HTTP_2 {
        sleep(LONG).await;
        "long after the client"
    } else {
        pending().await
    }
}

async fn panicking() -> &'static str {
    yield_now().await;
    // As a panic, without the message.
    resume_unwind(Box::new("the handler's"));
}

/// The length is announced; the body does not know when it is reached.
async fn sized(times: Path<usize>) -> HttpResponse {
    HttpResponse::Ok().body(SizedStream::new(length(*times), chunks(*times)))
}

/// Keeps account of a route, whose template is `endpoint`.
fn watch<S>(
    tally: &Tally,
    endpoint: &'static str,
) -> impl Transform<
    S,
    ServiceRequest,
    Response = ServiceResponse<Watched>,
    Error = Error,
    InitError = (),
> + use<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error> + 'static,
{
    let tally = tally.clone();
    from_fn(move |request: ServiceRequest, next: Next<BoxBody>| {
        let mut account = tally.open(request.method().as_str(), endpoint);
        async move {
            let response = next.call(request).await?;
            account.answer(head(&response));
            Ok(response.map_body(|_, body| Watched { body, account }))
        }
    })
}

fn head(response: &ServiceResponse) -> Head {
    let size = response.response().body().size();
    Head {
        status: response.status().as_u16(),
        length: if let BodySize::Sized(length) = size { Some(length) } else { None },
        is_bare: size.is_eof(),
    }
}

/// A body that notes what comes out of it.
struct Watched {
    body: BoxBody,
    account: Account,
}

impl MessageBody for Watched {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let chunk = ready!(Pin::new(&mut self.body).poll_next(cx));
        self.account.note(match &chunk {
            None => Step::End,
            Some(Err(_)) => Step::Failure,
            Some(Ok(chunk)) => Step::data(chunk),
        });
        Poll::Ready(chunk)
    }
}
