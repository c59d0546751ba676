//! What the user's functions see of a request or a response.

use actix_web::dev::{ResponseHead, ServiceRequest};
use actix_web::http::Version;
use actix_web::http::header::HeaderValue;
use tower_metrics_core::request::Heads;

/// The heads of actix-web's requests and responses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ActixHeads;

impl Heads for ActixHeads {
    type Request = ServiceRequest;
    type Response = ResponseHead;

    fn path(request: &ServiceRequest) -> &str {
        request.path()
    }

    fn version(request: &ServiceRequest) -> &'static str {
        match request.version() {
            Version::HTTP_09 => "0.9",
            Version::HTTP_10 => "1.0",
            Version::HTTP_2 => "2",
            Version::HTTP_3 => "3",
            _ => "1.1",
        }
    }

    fn scheme(request: &ServiceRequest) -> Option<&str> {
        request.uri().scheme_str()
    }

    fn header<'a>(request: &'a ServiceRequest, name: &str) -> Option<&'a [u8]> {
        request.headers().get(name).map(HeaderValue::as_bytes)
    }
}
