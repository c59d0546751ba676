//! Sends requests through an app, without a server.

use std::error::Error as StdError;

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse};

/// Sends `request`, and reads the response to its end; of an `Err` makes the response that
/// actix-web makes of it.
pub(crate) async fn call<R, B: MessageBody>(
    app: &impl Service<R, Response = ServiceResponse<B>, Error = Error>,
    request: R,
) -> HttpResponse<Bytes> {
    match app.call(request).await {
        Ok(response) => read(response.into()).await,
        Err(error) => read(error.error_response()).await,
    }
}

async fn read<B: MessageBody>(response: HttpResponse<B>) -> HttpResponse<Bytes> {
    let (head, body) = response.into_parts();
    let text = to_bytes(body).await.map_err(Into::<Box<dyn StdError>>::into).unwrap();
    head.set_body(text)
}
