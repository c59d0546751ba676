//! What the user's functions see of a request or a response.

use http::{HeaderValue, Version, request, response};

use crate::request::Heads;

/// The heads of the `http` crate's requests and responses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct HttpHeads;

impl Heads for HttpHeads {
    type Request = request::Parts;
    type Response = response::Parts;

    fn path(request: &request::Parts) -> &str {
        request.uri.path()
    }

    fn version(request: &request::Parts) -> &'static str {
        match request.version {
            Version::HTTP_09 => "0.9",
            Version::HTTP_10 => "1.0",
            Version::HTTP_2 => "2",
            Version::HTTP_3 => "3",
            _ => "1.1",
        }
    }

    fn scheme(request: &request::Parts) -> Option<&str> {
        request.uri.scheme_str()
    }

    fn header<'a>(request: &'a request::Parts, name: &str) -> Option<&'a [u8]> {
        request.headers.get(name).map(HeaderValue::as_bytes)
    }
}
