//! The layer.

use std::fmt;

use http::Extensions;
use tower_layer::Layer;

use super::service::MetricsService;
use crate::request::{Builder, Instruments, Measures};

/// Measures the requests of a service.
///
/// Clones, and the services they make, share one cache of handles. See the
/// [module docs](super).
#[derive(Clone, Debug)]
pub struct MetricsLayer {
    instruments: Instruments,
    options: MetricsLayerOptions,
}

/// Finds the template of the matched route in a request's extensions.
pub(super) type FindRoute = fn(&Extensions) -> Option<&str>;

/// What a [`MetricsLayer`] is built with, besides the metrics.
#[derive(Clone, Copy)]
pub struct MetricsLayerOptions {
    pub(super) find_route: FindRoute,
}

impl MetricsLayer {
    /// Measures with the default metrics, into what is installed globally.
    ///
    /// The recorder may be installed before or after; what happens before it is installed is not
    /// recorded. If somebody declared one of the metrics differently before, a warning is logged
    /// and their declaration holds; [`builder`](Self::builder) gives an error instead.
    pub fn new() -> Self {
        Self::builder().build_or_warn()
    }

    /// Configures what is measured.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }
}

impl Default for MetricsLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = MetricsService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        MetricsService::new(inner, self.instruments.clone(), self.options.find_route)
    }
}

impl Measures for MetricsLayer {
    type Options = MetricsLayerOptions;

    fn from_parts(instruments: Instruments, options: MetricsLayerOptions) -> Self {
        Self { instruments, options }
    }
}

impl Default for MetricsLayerOptions {
    fn default() -> Self {
        Self { find_route: |_| None }
    }
}

impl fmt::Debug for MetricsLayerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayerOptions").finish_non_exhaustive()
    }
}

impl Builder<MetricsLayer> {
    /// Sets where the template of the matched route stands in a request's extensions; for the
    /// adapters of routers. Defaults to nowhere, so that requests are `unmatched` until a
    /// [`Route`](crate::Route) names them.
    pub fn with_route_from_extensions(mut self, find: FindRoute) -> Self {
        self.options_mut().find_route = find;
        self
    }
}
