//! An actix-web app that answers the load.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::pin;

use actix_http::Request;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::rt::Runtime;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, HttpResponse};

use crate::variant::Subject;
use crate::workload::{Call, Endpoint, Mix, NESTS};

/// Adds the routes to an app.
pub(crate) fn configure(config: &mut ServiceConfig) {
    for nest in NESTS {
        if nest.prefix.is_empty() {
            for endpoint in nest.endpoints {
                config.service(resource(endpoint));
            }
        } else {
            let resources = nest.endpoints.iter().map(resource);
            config.service(resources.fold(web::scope(nest.prefix), actix_web::Scope::service));
        }
    }
}

fn resource(endpoint: &'static Endpoint) -> actix_web::Resource {
    endpoint.answers.iter().fold(web::resource(endpoint.template), |resource, answer| {
        let method = Method::from_bytes(answer.method.as_bytes()).unwrap();
        let status = StatusCode::from_u16(answer.status).unwrap();
        let handler = move || async move { HttpResponse::build(status).body(answer.body) };
        resource.route(web::method(method).to(handler))
    })
}

/// An app, the requests for it, and the runtime in which they are answered.
pub(super) struct ActixSubject<S> {
    service: S,
    calls: Vec<(Method, Uri)>,
    next: usize,
    runtime: Runtime,
}

impl<S, B> ActixSubject<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    /// Makes the app by `init`, in the runtime.
    pub(super) fn new(init: impl AsyncFnOnce() -> S, mix: Mix) -> Self {
        let runtime = Runtime::new().unwrap();
        Self {
            service: runtime.block_on(init()),
            calls: mix.calls().iter().map(parse).collect(),
            next: 0,
            runtime,
        }
    }
}

impl<S, B> Subject for ActixSubject<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    fn answer(&mut self, requests: usize) {
        let Self { service, calls, next, runtime } = self;
        runtime.block_on(async {
            for (method, uri) in calls.iter().cycle().skip(*next).take(requests) {
                exchange(service, method.clone(), uri.clone()).await;
            }
        });
        *next = (*next + requests) % calls.len();
    }

    fn answer_to(&mut self, method: &str, path: &str) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.runtime.block_on(exchange(&self.service, method, path.parse().unwrap()));
    }
}

fn parse(call: &Call) -> (Method, Uri) {
    (Method::from_bytes(call.method.as_bytes()).unwrap(), call.path.parse().unwrap())
}

/// Sends a request and takes of the body what actix-web's dispatcher takes.
async fn exchange<S, B>(service: &S, method: Method, uri: Uri)
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let mut request = Request::new();
    request.head_mut().method = method;
    request.head_mut().uri = uri;
    let response = service.call(request).await.unwrap();
    black_box(response.status());
    let body = response.into_body();
    if matches!(body.size(), BodySize::None | BodySize::Sized(0)) {
        return;
    }
    let mut body = pin!(body);
    while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        black_box(chunk.map_err(Into::into).unwrap());
    }
}
