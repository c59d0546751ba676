//! Correct Prometheus metrics for Rust services, in one line.
//!
//! For whoever comes from axum-prometheus, from actix-web-prom, or from Python's prometheus-client:
//! the pages of [`migration`] say what changes, and how old names are kept.
//!
//! An axum router:
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "prometheus"))] {
//! use axum::{Router, routing::get};
//! use tower_metrics::{Exporter, axum::RouterExt as _};
//!
//! # use tower::ServiceExt as _;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = Exporter::install()?;
//! let app: Router = Router::new()
//!     .route("/users/{id}", get(|| async { "a user" }))
//!     .with_metrics(&exporter);
//! # let request = axum::http::Request::get("/users/7").body(axum::body::Body::empty())?;
//! # axum::body::to_bytes(app.oneshot(request).await?.into_body(), 100).await?;
//! # let counted = r#"{method="GET",endpoint="/users/{id}",status_code="200"} 1"#;
//! # assert!(exporter.render().contains(&format!("http_requests_total{counted}\n")));
//! # Ok(()) }
//! # example().unwrap();
//! # }
//! ```
//!
//! An actix-web app:
//!
//! ```
//! # #[cfg(all(feature = "actix-web", feature = "prometheus"))] {
//! use actix_web::{App, web};
//! use tower_metrics::{Exporter, actix_web::Metrics};
//!
//! # use actix_web::test::{TestRequest, call_and_read_body, init_service};
//! # #[actix_web::main]
//! # async fn example() -> Result<(), tower_metrics::ExporterError> {
//! let exporter = Exporter::install()?;
//! let app = App::new()
//!     .wrap(Metrics::new(&exporter))
//!     .route("/users/{id}", web::get().to(|| async { "a user" }));
//! # let request = TestRequest::get().uri("/users/7").to_request();
//! # call_and_read_body(&init_service(app).await, request).await;
//! # let counted = r#"{method="GET",endpoint="/users/{id}",status_code="200"} 1"#;
//! # assert!(exporter.render().contains(&format!("http_requests_total{counted}\n")));
//! # Ok(()) }
//! # example().unwrap();
//! # }
//! ```
//!
//! Any function:
//!
//! ```
//! # #[cfg(feature = "macros")] {
//! #[tower_metrics::timed(help = "Time of a prediction.", outcome)]
//! fn predict(input: &str) -> Result<u8, std::num::ParseIntError> {
//!     input.parse()
//! }
//! assert_eq!(predict("7"), Ok(7)); // predict_duration_seconds{outcome="success"}
//! # }
//! ```
//!
//! The requests of models, whose names are in the path (on actix-web: `InferenceMetrics` around the
//! resource):
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "inference", feature = "prometheus"))] {
//! use axum::{Router, routing::post};
//! use tower_metrics::axum::{RouterExt as _, inference_layer};
//! use tower_metrics::{Exporter, Inference};
//!
//! # use tower::ServiceExt as _;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = Exporter::install()?;
//! let inference = Inference::builder().build()?;
//! inference.register("resnet50")?;
//! let app: Router = Router::new()
//!     .route("/predict/{model_name}", post(|| async { "a cat" }))
//!     .route_layer(inference_layer(&inference))
//!     .with_metrics(&exporter);
//! # let request = axum::http::Request::post("/predict/resnet50").body(axum::body::Body::empty())?;
//! # axum::body::to_bytes(app.oneshot(request).await?.into_body(), 100).await?;
//! # let counted = r#"{model_name="resnet50",status="success"} 1"#;
//! # assert!(exporter.render().contains(&format!("inference_requests_total{counted}\n")));
//! # Ok(()) }
//! # example().unwrap();
//! # }
//! ```
//!
//! A job that ends before it could be scraped:
//!
//! ```
//! # #[cfg(feature = "push")] {
//! use tower_metrics::{Exporter, push::PushGateway};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = Exporter::builder().build()?;
//! let pusher = PushGateway::new("http://127.0.0.1:9091")?.with_job("nightly").build()?;
//! // The job runs, and records into `exporter.recorder()`: by the `with_recorder` of whatever
//! // measures it, or inside of `metrics::with_local_recorder(&exporter.recorder(), || ..)`.
//! pusher.push_blocking(&exporter)?;
//! # Ok(()) }
//! # }
//! ```
//!
//! Or, if what it does is inference:
//!
//! ```
//! # #[cfg(all(feature = "inference", feature = "push"))] {
//! use tower_metrics::{BatchJob, push::PushGateway};
//! # fn infer(input: &str) -> Result<u8, std::num::ParseIntError> { input.parse() }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let gateway = PushGateway::new("http://127.0.0.1:9091")?;
//! let job = BatchJob::builder("resnet50").with_gateway(gateway).build()?;
//! for input in ["1", "2"] {
//!     let _ = job.item(|| infer(input));
//! }
//! job.finish_blocking()?;
//! # Ok(()) }
//! # }
//! ```
//!
//! # Features
//!
//! | feature | what it brings |
//! |---|---|
//! | `prometheus`, on by default | `Exporter`, and what serves it |
//! | `axum` | the module `axum`: routes from `MatchedPath`, `RouterExt::with_metrics` |
//! | `actix-web` | the module `actix_web`: the middleware `Metrics` |
//! | `inference` | `Inference`, with the layers of the frameworks that are on; `timing` |
//! | `macros` | `#[timed]` |
//! | `nvml` | `inference::gpu::Nvml` |
//! | `push` | the module `push`: the Pushgateway client; with `inference`, `BatchJob` |
//! | `listener` | `Exporter::listen`: the metrics on a port and a thread of their own |
//! | `process` | `Exporter::observe_process` |
//! | `runtime` | `Exporter::observe_runtime`: metrics of a tokio runtime |
//! | `build_info` | `Exporter::observe_build_info` |
//!
//! Without any, what is left records into whichever recorder of the `metrics` facade there is.

// Says on docs.rs which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use tower_metrics_core::{
    Backend, Buckets, BucketsError, BuildError, Builder, DeclareError, MetricKind, MetricSpec,
    MetricsLayer, Observation, Observer, RequestSizeLayer, Route, RouteLayer, backend, labels,
    middleware, names, observe, request,
};

#[cfg(feature = "prometheus")]
pub use tower_metrics_prometheus::{
    CONTENT_TYPE, Exporter, ExporterBuilder, ExporterError, ExporterRecorder, RenderError,
    Rendering, Scrape, ScrapeAnswer, ScrapeBody, ScrapeFuture, ScrapeRequest, ScrapeService,
    SlowReaderError,
};

#[cfg(feature = "listener")]
pub use tower_metrics_prometheus::listener;

#[cfg(feature = "build_info")]
pub use tower_metrics_prometheus::{BuildInfo, build_info};

#[cfg(feature = "inference")]
pub use tower_metrics_inference::{self as inference, Inference, timing};

#[cfg(all(feature = "inference", feature = "push"))]
pub use tower_metrics_inference::BatchJob;

#[cfg(feature = "macros")]
#[doc(inline)]
pub use tower_metrics_inference::timed_of_facade as timed;

#[cfg(feature = "axum")]
pub use tower_metrics_axum as axum;

#[cfg(feature = "actix-web")]
pub use tower_metrics_actix_web as actix_web;

#[cfg(feature = "push")]
pub use tower_metrics_push as push;

#[cfg(doc)]
pub mod migration;

#[cfg(all(doctest, feature = "axum", feature = "prometheus"))]
#[doc = include_str!("../README.md")]
mod readme {}
