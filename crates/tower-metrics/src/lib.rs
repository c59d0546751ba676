//! Correct Prometheus metrics for Rust services, in one line.
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "prometheus"))] {
//! use axum::{Router, routing::get};
//! use tower_metrics::{Exporter, axum::RouterExt as _};
//!
//! # fn main() -> Result<(), tower_metrics::ExporterError> {
//! let app: Router = Router::new()
//!     .route("/users/{id}", get(|| async { "a user" }))
//!     .with_metrics(&Exporter::install()?);
//! # Ok(()) }
//! # }
//! ```

pub use tower_metrics_core::{
    Backend, Buckets, BucketsError, BuildError, Builder, DeclareError, MetricKind, MetricSpec,
    MetricsLayer, RequestSizeLayer, Route, RouteLayer, backend, labels, middleware, names, request,
};

#[cfg(feature = "prometheus")]
pub use tower_metrics_prometheus::{
    CONTENT_TYPE, Exporter, ExporterBuilder, ExporterError, ExporterRecorder, ScrapeBody,
    ScrapeFuture, ScrapeService,
};

#[cfg(feature = "axum")]
pub use tower_metrics_axum as axum;

#[cfg(all(doctest, feature = "axum", feature = "prometheus"))]
#[doc = include_str!("../../../README.md")]
mod readme {}
