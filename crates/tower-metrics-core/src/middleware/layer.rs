//! The layer.

use std::sync::Arc;

use tower_layer::Layer;

use super::options::MetricsLayerOptions;
use super::service::{MetricsService, Shared};
use crate::request::{Builder, Instruments, Measures};

/// Measures the requests of a service.
///
/// Clones, and the services they make, share one cache of handles. See the
/// [module docs](super).
#[derive(Clone, Debug)]
pub struct MetricsLayer {
    /// `None` if nothing is to be measured.
    shared: Option<Arc<Shared>>,
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
    type Options = MetricsLayerOptions;

    fn from_parts(instruments: Option<Instruments>, options: MetricsLayerOptions) -> Self {
        let shared = |instruments| Arc::new(Shared { instruments, options });
        Self { shared: instruments.map(shared) }
    }
}
