//! What is answered under which path.

use std::convert::Infallible;
use std::sync::Arc;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tower_service::Service as _;

use crate::scrape::{ScrapeBody, ScrapeService};

/// The paths of a listener.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    pub(super) metrics: Arc<str>,
    pub(super) health: Option<Arc<str>>,
    pub(super) service: ScrapeService,
}

impl Routes {
    pub(super) async fn answer<B>(
        mut self,
        request: Request<B>,
    ) -> Result<Response<ScrapeBody>, Infallible> {
        let path = request.uri().path();
        if path == &*self.metrics {
            return self.service.call(request).await;
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        Ok(if self.health.is_none_or(|health| path != &*health) {
            respond(StatusCode::NOT_FOUND, "not found\n")
        } else if is_read {
            respond(StatusCode::OK, "ok\n")
        } else {
            let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, "");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        })
    }
}

fn respond(status: StatusCode, message: &'static str) -> Response<ScrapeBody> {
    let mut response = Response::new(ScrapeBody::message(message));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
