//! The route label: the template that axum matched.

use axum::extract::MatchedPath;
use http::Extensions;
use tower_metrics_core::middleware::RouteResolver;
use tower_metrics_core::{Builder, MetricsLayer};

/// A layer for [`Router::layer`](axum::Router::layer), with the default metrics, into what is
/// installed globally. See [`MetricsLayer::new`].
pub fn layer() -> MetricsLayer {
    builder().build_or_warn()
}

/// Configures a layer for [`Router::layer`](axum::Router::layer).
pub fn builder() -> Builder<MetricsLayer> {
    MetricsLayer::builder().with_routes(RouteResolver::from_extensions(matched_path))
}

fn matched_path(extensions: &Extensions) -> Option<&str> {
    extensions.get::<MatchedPath>().map(MatchedPath::as_str)
}
