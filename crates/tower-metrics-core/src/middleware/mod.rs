//! The tower middleware.
//!
//! # Default
//!
//! ```
//! use tower_metrics_core::MetricsLayer;
//! # use tower_layer::Layer;
//! # let service = ();
//! let service = MetricsLayer::new().layer(service);
//! ```
//!
//! # Customised
//!
//! ```
//! use tower_metrics_core::{Buckets, MetricsLayer};
//!
//! let layer = MetricsLayer::builder()
//!     .with_duration_buckets(Buckets::new([0.05, 0.1, 0.5])?)
//!     .build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When a request ends
//!
//! With the last byte of its response's body, not with its head. A response without a body — the
//! answer to a `HEAD`, 1xx, 204, 304, an empty body, an upgrade — ends with its head. A request
//! that ends otherwise is counted too, with its time: dropped before there was a response (status
//! 499), panicked or failed (500), or with a body that failed, panicked or was dropped (the
//! response's own status); `http_requests_aborted_total` tells which.

mod body;
mod error;
mod future;
mod heads;
pub(crate) mod layer;
pub(crate) mod request_body;
mod resolver;
pub(crate) mod route;
mod service;
mod shared;
mod unmeasured;

pub use self::body::ResponseBody;
pub use self::error::TemplateError;
pub use self::future::{ResponseFuture, content_length};
pub use self::heads::HttpHeads;
pub use self::request_body::{RequestBody, RequestSizeService};
pub use self::resolver::RouteResolver;
pub use self::route::RouteService;
pub use self::service::MetricsService;
pub use self::unmeasured::{Unmeasured, UnmeasuredFuture, UnmeasuredLayer, UnmeasuredService};
