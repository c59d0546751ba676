//! One line of Prometheus metrics for an actix-web app.
//!
//! # Default
//!
//! ```
//! use actix_web::{App, HttpServer, web};
//! use tower_metrics_actix_web::Metrics;
//! use tower_metrics_prometheus::Exporter;
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = Exporter::install()?;
//! let server = HttpServer::new(move || {
//!     App::new()
//!         .wrap(Metrics::new(&exporter))
//!         .route("/users/{id}", web::get().to(|| async { "a user" }))
//! });
//! # let _ = server.bind("127.0.0.1:0")?;
//! # Ok(())
//! # }
//! ```
//!
//! # Customised
//!
//! ```
//! use actix_web::{App, web};
//! use tower_metrics_actix_web::{Metrics, endpoint};
//! use tower_metrics_core::Buckets;
//! use tower_metrics_prometheus::Exporter;
//!
//! let exporter = Exporter::builder().build()?;
//! let metrics = Metrics::builder()
//!     .with_recorder(exporter.recorder())
//!     .with_duration_buckets(Buckets::light())
//!     .build()?;
//! let app = App::new()
//!     .wrap(metrics.clone())
//!     .service(endpoint("/admin/metrics", &exporter))
//!     .route("/users/{id}", web::get().to(|| async { "a user" }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Inference
//!
//! With the feature `inference`, `InferenceMetrics` around a resource whose path names a model,
//! `/predict/{model_name}`, measures its requests as requests of that model.
//!
//! # Which requests are measured, and as what
//!
//! All that reach the middleware, those for the default service included. `endpoint` is the match
//! pattern of the resource, with the prefixes of its scopes; it is read when the response is
//! there, since actix-web routes behind its middleware.
//!
//! What no resource matches, an app's default service for example, is `unmatched` until a
//! [`Route`](tower_metrics_core::Route) names it. Where several do, the one in the response's
//! extensions wins, then actix-web's pattern, then the one in the request's extensions. A handler
//! takes its requests out with [`Unmeasured`](tower_metrics_core::middleware::Unmeasured) in the
//! extensions of either.
//!
//! # Clients that go away
//!
//! With its default settings actix-web does not notice, over HTTP/1, that a client closed its
//! connection while a handler runs: it takes that for a client that is done with sending. Set
//! [`HttpServer::h1_allow_half_closed(false)`][half-closed], and such a request is `cancelled` at
//! once. Over HTTP/2 actix-web runs the handler to its end; the request is counted with the status
//! of its response, as `body_dropped`.
//!
//! [half-closed]: https://docs.rs/actix-web/4/actix_web/struct.HttpServer.html#method.h1_allow_half_closed
//!
//! # Who answers `/metrics`
//!
//! [`Metrics::new`] answers requests for `/metrics` that went through everything inside and were
//! met by no route: an authentication that refuses them, outside or inside, wins. It takes a 404
//! without a route as "met by no route"; where an inner middleware hides things behind a 404 of
//! its own, mount the [`endpoint`] instead. Requests for that path are not measured.

// Says on docs.rs which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod early;
mod endpoint;
mod error;
mod future;
mod heads;
#[cfg(feature = "inference")]
mod inference;
mod metrics;
mod payload;
mod scrape_body;
mod service;
mod shared;

pub use self::body::ResponseBody;
pub use self::endpoint::endpoint;
pub use self::future::ResponseFuture;
pub use self::heads::ActixHeads;
#[cfg(feature = "inference")]
pub use self::inference::{InferenceBody, InferenceFuture, InferenceMetrics, InferenceService};
pub use self::metrics::{Metrics, MetricsOptions};
pub use self::scrape_body::ScrapeBody;
pub use self::service::MetricsService;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
