//! The one-liner.

use axum::Router;
use tower_metrics_prometheus::Exporter;

use crate::route;

/// Extends [`Router`] by metrics in one line. Nothing else implements it.
pub trait RouterExt: sealed::Sealed {
    /// Measures every route added so far, nested ones and the fallback included, into `exporter`,
    /// and serves it at `GET /metrics`, which is not measured itself.
    ///
    /// Comes last, behind the routes and the layers. If somebody declared one of the HTTP metrics
    /// differently before, a warning is logged and their declaration holds.
    ///
    /// # Panics
    ///
    /// As every way to add a route in axum: if the router has a route `/metrics` already. Put the
    /// metrics elsewhere then: `.layer(…)` and `.route_service(…, exporter.scrape_service())`.
    #[must_use]
    fn with_metrics(self, exporter: &Exporter) -> Self;
}

impl<S> RouterExt for Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn with_metrics(self, exporter: &Exporter) -> Self {
        let layer = route::builder().with_recorder(exporter.recorder()).build_or_warn();
        self.layer(layer).route_service("/metrics", exporter.scrape_service())
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "who cannot name it cannot implement it")]
    pub trait Sealed {}

    impl<S> Sealed for axum::Router<S> {}
}
