//! What the user's functions see of a request or a response.

use std::mem;

use http::{HeaderValue, Request, Response, Version, request, response};

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

/// Calls `f` with the head of `request`, which stays where it is.
#[cold]
pub(super) fn with_request_head<B, T>(
    request: &mut Request<B>,
    f: impl FnOnce(&request::Parts) -> T,
) -> T {
    let (mut head, ()) = Request::new(()).into_parts();
    head.version = request.version();
    swap_request_head(&mut head, request);
    let value = f(&head);
    swap_request_head(&mut head, request);
    value
}

fn swap_request_head<B>(head: &mut request::Parts, request: &mut Request<B>) {
    mem::swap(&mut head.method, request.method_mut());
    mem::swap(&mut head.uri, request.uri_mut());
    mem::swap(&mut head.headers, request.headers_mut());
    mem::swap(&mut head.extensions, request.extensions_mut());
}

/// Calls `f` with the head of `response`, which stays where it is.
#[cold]
pub(super) fn with_response_head<B>(response: &mut Response<B>, f: impl FnOnce(&response::Parts)) {
    let (mut head, ()) = Response::new(()).into_parts();
    (head.status, head.version) = (response.status(), response.version());
    swap_response_head(&mut head, response);
    f(&head);
    swap_response_head(&mut head, response);
}

fn swap_response_head<B>(head: &mut response::Parts, response: &mut Response<B>) {
    mem::swap(&mut head.headers, response.headers_mut());
    mem::swap(&mut head.extensions, response.extensions_mut());
}
