//! The `endpoint` label.

use std::sync::{Arc, Mutex, PoisonError};

/// The template of a route: the value of the `endpoint` label.
///
/// Routers tell the middleware the template of the route that matched. Where none does — a service
/// mounted under a prefix, a plain tower service — a `Route` names it. Of several names the first
/// of these counts, on any framework:
///
/// 1. a `Route` in the response's extensions;
/// 2. the template that the router matched;
/// 3. a `Route` in the request's extensions, from before the middleware sees the request;
/// 4. on tower, a [`RouteLayer`](crate::RouteLayer) around the inner service.
///
/// ```
/// use tower_metrics_core::Route;
///
/// let response = http::Response::builder().extension(Route::from("/files/{*path}")).body(())?;
/// assert_eq!(response.extensions().get::<Route>().unwrap().as_str(), "/files/{*path}");
/// # Ok::<(), http::Error>(())
/// ```
///
/// A route comes from the application. Never make one of what a client sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    template: Arc<str>,
}

impl Route {
    /// The value for requests that matched no route.
    pub const UNMATCHED: &'static str = "unmatched";
    /// The value for routes that came after the limit.
    pub const OVERFLOW: &'static str = super::LabelLimit::OVERFLOW;

    /// The template, for example `/predict/{model_name}`.
    pub fn as_str(&self) -> &str {
        &self.template
    }
}

impl From<&str> for Route {
    fn from(template: &str) -> Self {
        Self { template: template.into() }
    }
}

impl From<String> for Route {
    fn from(template: String) -> Self {
        Self { template: template.into() }
    }
}

impl From<Arc<str>> for Route {
    fn from(template: Arc<str>) -> Self {
        Self { template }
    }
}

/// Where an inner service leaves the name of a route that no router named, so that it is known
/// also when the request ends before its response.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteSlot {
    route: Arc<Mutex<Option<Route>>>,
}

impl RouteSlot {
    pub(crate) fn set(&self, route: Route) {
        *self.route.lock().unwrap_or_else(PoisonError::into_inner) = Some(route);
    }

    pub(crate) fn get(&self) -> Option<Route> {
        self.route.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
