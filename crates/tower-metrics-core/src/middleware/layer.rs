//! The layer.

use std::sync::Arc;

use tower_layer::Layer;

use super::heads::HttpHeads;
use super::resolver::RouteResolver;
use super::service::MetricsService;
use super::shared::{Copies, Shared};
use crate::request::{Builder, Instruments, Measures, Rules};

/// Measures the requests of a service.
///
/// Clones, and the services they make, share the metrics and their limits. See the
/// [module docs](super).
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is around a service"]
pub struct MetricsLayer {
    /// `None` if nothing is to be measured.
    shared: Option<Arc<Copies>>,
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

    /// Measures nothing: passes requests through.
    pub fn disabled() -> Self {
        Self { shared: None }
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
        MetricsService::new(inner, self.shared.clone())
    }
}

impl Measures for MetricsLayer {
    type Heads = HttpHeads;
    type Options = RouteResolver;

    fn from_parts(
        instruments: Option<Instruments>,
        rules: Rules<HttpHeads>,
        routes: RouteResolver,
    ) -> Self {
        let shared = |instruments| Copies::new(Shared::new(instruments, rules, routes));
        Self { shared: instruments.map(shared).map(Arc::new) }
    }
}

impl Builder<MetricsLayer> {
    /// Sets where the route of a request comes from. Defaults to
    /// [`RouteResolver::unknown`], so that requests are `unmatched` until a
    /// [`Route`](crate::Route) names them; the adapters of routers set it.
    pub fn with_routes(mut self, routes: RouteResolver) -> Self {
        *self.options_mut() = routes;
        self
    }
}
