//! The app behind the servers: its answers wait for the test to let them go.

use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::body::BodyStream;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use futures_util::stream;
use tokio::sync::Semaphore;

/// A gate that lets one answer, or one chunk, through for each permit.
pub(crate) type Gate = Arc<Semaphore>;

pub(crate) fn gate() -> Gate {
    Arc::new(Semaphore::new(0))
}

/// The routes, all behind one gate.
pub(crate) fn routes(gate: &Gate) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let gate = Data::from(Arc::clone(gate));
    move |config| {
        config
            .app_data(gate.clone())
            .route("/wait/{id}", web::get().to(wait))
            .route("/ticks/{id}", web::get().to(ticks))
            .route("/worker", web::get().to(worker))
            .route("/text", web::get().to(async || "some text"))
            .route("/text", web::head().to(async || "some text"))
            .route("/empty", web::get().to(async || HttpResponse::NoContent()))
            .route("/panic/{id}", web::get().to(panics))
            .route("/fails/{id}", web::get().to(fails))
            .route("/socket/{id}", web::get().to(crate::protocols::echo));
    }
}

/// Answers when the gate opens.
pub(crate) async fn wait(gate: Data<Semaphore>) -> &'static str {
    gate.acquire().await.unwrap().forget();
    "opened"
}

/// Server-sent events without end: one each time the gate opens.
pub(crate) async fn ticks(gate: Data<Semaphore>) -> HttpResponse {
    let ticks = stream::unfold(gate, async |gate| {
        gate.acquire().await.unwrap().forget();
        Some((io::Result::Ok(Bytes::from_static(b"data: tick\n\n")), gate))
    });
    HttpResponse::Ok().content_type("text/event-stream").body(BodyStream::new(Box::pin(ticks)))
}

/// Says which worker it is on.
async fn worker() -> String {
    format!("{:?}", std::thread::current().id())
}

async fn panics() -> &'static str {
    resume_unwind(Box::new("a panic of the app"))
}

/// Breaks off after the first chunk.
async fn fails() -> HttpResponse {
    let chunks = [Ok(Bytes::from_static(b"the first chunk")), Err(io::Error::other("no second"))];
    HttpResponse::Ok().body(BodyStream::new(stream::iter(chunks)))
}
