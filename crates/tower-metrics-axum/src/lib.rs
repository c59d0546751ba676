//! One line of Prometheus metrics for an axum router.
//!
//! # Default
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_metrics_axum::RouterExt as _;
//! use tower_metrics_prometheus::Exporter;
//!
//! # use axum::body::{Body, to_bytes};
//! # use axum::http::Request;
//! # use tower::ServiceExt as _;
//! # tokio_test::block_on(async {
//! let exporter = Exporter::install()?;
//! let app: Router = Router::new()
//!     .route("/users/{id}", get(|| async { "a user" }))
//!     .with_metrics(&exporter);
//!
//! // After a `GET /users/7`:
//! # let answer = app.oneshot(Request::get("/users/7").body(Body::empty())?).await?;
//! # to_bytes(answer.into_body(), 100).await?;
//! let text = exporter.render();
//! assert!(text.ends_with(
//!     "# TYPE http_requests_total counter\n\
//!      http_requests_total{method=\"GET\",endpoint=\"/users/{id}\",status_code=\"200\"} 1\n"
//! ));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Customised
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_metrics_core::Buckets;
//! use tower_metrics_prometheus::Exporter;
//!
//! let exporter = Exporter::builder().build()?;
//! let layer = tower_metrics_axum::builder()
//!     .with_recorder(exporter.recorder())
//!     .with_duration_buckets(Buckets::light())
//!     .build()?;
//! let app: Router = Router::new()
//!     .route("/users/{id}", get(|| async { "a user" }))
//!     .layer(layer)
//!     .route_service("/admin/metrics", exporter.scrape_service());
//! # use tower::ServiceExt as _;
//! # let request = axum::http::Request::get("/users/7").body(axum::body::Body::empty())?;
//! # drop(tokio_test::block_on(app.oneshot(request))?);
//! # let bucket = "duration_seconds_bucket{method=\"GET\",endpoint=\"/users/{id}\",le=\"0.001\"}";
//! # assert!(exporter.render().contains(bucket));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Sizes of requests
//!
//! `http_request_size_bytes`, which is off unless it is asked for, needs a
//! [`RequestSizeLayer`](tower_metrics_core::RequestSizeLayer) inside: it counts the bytes that a
//! handler reads.
//!
//! ```
//! use axum::{Router, body::Body, routing::post};
//! use tower::ServiceExt as _;
//! use tower_metrics_core::{Buckets, RequestSizeLayer};
//! use tower_metrics_prometheus::Exporter;
//!
//! let exporter = Exporter::builder().build()?;
//! let layer = tower_metrics_axum::builder()
//!     .with_recorder(exporter.recorder())
//!     .with_request_size(Buckets::sizes())
//!     .build()?;
//! let app: Router = Router::new()
//!     .route("/echo", post(|body: String| async { body }))
//!     .layer(RequestSizeLayer::new())
//!     .layer(layer);
//!
//! let request = http::Request::post("/echo").body(Body::from("seven b"))?;
//! drop(tokio_test::block_on(app.oneshot(request))?);
//! let sum = r#"http_request_size_bytes_sum{method="POST",endpoint="/echo"} 7"#;
//! assert!(exporter.render().contains(sum));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Inference
//!
//! With the feature `inference`, `inference_layer` measures the routes whose path names a model,
//! `/predict/{model_name}`, as requests of that model.
//!
//! # Which requests are measured, and as what
//!
//! [`Router::layer`](axum::Router::layer) covers the routes added before it, nested ones and the
//! fallback included. What is added after it — the metrics themselves, above — is not measured.
//! `endpoint` is the template of the matched route, with the prefixes of nested routers; a wrong
//! method on a known path (405) keeps it.
//!
//! A service mounted with `nest_service` has no template in axum, and is `unmatched`, until a
//! [`RouteLayer`](tower_metrics_core::RouteLayer) around it, or a
//! [`Route`](tower_metrics_core::Route) in its responses' extensions, names it. The same holds for
//! a layer around a whole router (`ServiceBuilder`), where axum has not routed yet: there a `Route`
//! in the request's extensions names it too. Where several do, the response's wins, then axum's
//! template, then the request's, then the layer's.

// Says on docs.rs which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "inference")]
mod inference;
mod route;
#[cfg(feature = "prometheus")]
mod router;

#[cfg(feature = "inference")]
pub use self::inference::{inference_layer, path_parameter};
pub use self::route::{builder, layer};
#[cfg(feature = "prometheus")]
pub use self::router::RouterExt;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
