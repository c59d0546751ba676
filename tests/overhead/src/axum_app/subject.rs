//! An axum router that answers the load.

use std::hint::black_box;

use axum::Router;
use axum::body::Body;
use axum::routing::{MethodFilter, MethodRouter};
use http::{Method, Request, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tower_service::Service as _;

use crate::variant::{Routing, Subject};
use crate::workload::{Call, Endpoint, Mix, NESTS};

/// The router without a layer.
pub(crate) fn router() -> Router {
    NESTS.iter().fold(Router::new(), |router, nest| {
        let routes = nest.endpoints.iter().fold(Router::new(), |routes, endpoint| {
            routes.route(endpoint.template, method_router(endpoint))
        });
        if nest.prefix.is_empty() { router.merge(routes) } else { router.nest(nest.prefix, routes) }
    })
}

fn method_router(endpoint: &'static Endpoint) -> MethodRouter {
    endpoint.answers.iter().fold(MethodRouter::new(), |router, answer| {
        let method = Method::from_bytes(answer.method.as_bytes()).unwrap();
        let status = StatusCode::from_u16(answer.status).unwrap();
        let handler = move || async move { (status, answer.body) };
        router.on(MethodFilter::try_from(method).unwrap(), handler)
    })
}

/// A router, the requests for it, and the runtime in which they are answered.
pub(super) struct AxumSubject {
    router: Router,
    calls: Vec<(Method, Uri)>,
    next: usize,
    runtime: Runtime,
}

impl AxumSubject {
    pub(super) fn new(router: Router, mix: Mix, routing: Routing) -> Self {
        let router = match routing {
            Routing::PerRequest => router,
            Routing::Served => router.with_state(()),
        };
        Self {
            router,
            calls: mix.calls().iter().map(parse).collect(),
            next: 0,
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        }
    }
}

impl Subject for AxumSubject {
    fn answer(&mut self, requests: usize) {
        let Self { router, calls, next, runtime } = self;
        runtime.block_on(async {
            for (method, uri) in calls.iter().cycle().skip(*next).take(requests) {
                exchange(router, method.clone(), uri.clone()).await;
            }
        });
        *next = (*next + requests) % calls.len();
    }

    fn answer_to(&mut self, method: &str, path: &str) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.runtime.block_on(exchange(&mut self.router, method, path.parse().unwrap()));
    }
}

fn parse(call: &Call) -> (Method, Uri) {
    (Method::from_bytes(call.method.as_bytes()).unwrap(), call.path.parse().unwrap())
}

/// Sends a request and takes of the body what hyper takes.
async fn exchange(router: &mut Router, method: Method, uri: Uri) {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let Ok(response) = router.call(request).await;
    let (head, mut body) = response.into_parts();
    black_box(head.status);
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        black_box(frame.unwrap());
    }
}
