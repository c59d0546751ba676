//! A name for requests that no router names.

use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::labels::{Route, RouteSlot};

/// Names the route of the requests that reach a service, where no router does.
///
/// Goes inside a [`MetricsLayer`](crate::MetricsLayer), around the service to name; anywhere else
/// it does nothing. A route that the layer knows already keeps its name; of several `RouteLayer`s
/// around each other the innermost counts.
///
/// ```
/// use tower_metrics_core::RouteLayer;
/// # use tower_layer::Layer;
/// # let files = ();
///
/// // For `Router::nest_service("/files", …)`, which has no template of its own.
/// let files = RouteLayer::new("/files/{*path}").layer(files);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is around a service"]
pub struct RouteLayer {
    route: Route,
}

impl RouteLayer {
    /// Names requests `route`, for example `/files/{*path}`.
    pub fn new(route: impl Into<Route>) -> Self {
        Self { route: route.into() }
    }
}

/// The service of [`RouteLayer`].
#[derive(Clone, Debug)]
pub struct RouteService<S> {
    inner: S,
    route: Route,
}

impl<S> Layer<S> for RouteLayer {
    type Service = RouteService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RouteService { inner, route: self.route.clone() }
    }
}

impl<S, B> Service<Request<B>> for RouteService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if let Some(slot) = request.extensions().get::<RouteSlot>() {
            slot.set(self.route.clone());
        }
        self.inner.call(request)
    }
}
