//! The engine of [tower-metrics]: one guard per request, cached metric handles, a tower layer.
//!
//! # How a request is recorded
//!
//! 1. [`MetricsLayer`] wraps a service; [`MetricsService`](middleware::MetricsService) turns the
//!    method and the route of an arriving request into label values ([`labels`]).
//! 2. [`Instruments::start`](request::Instruments::start) looks up the handles of that method and
//!    route — they were resolved on first sight — and counts the request in. The
//!    [`RequestGuard`](request::RequestGuard) owns it from here.
//! 3. [`ResponseFuture`](middleware::ResponseFuture) tells the guard about the head of the
//!    response, and moves it into the body. An `Err`, a panic or a drop ends it.
//! 4. [`ResponseBody`](middleware::ResponseBody) counts bytes. The end, an error, a panic or a drop
//!    ends the guard.
//! 5. The guard ends once: it counts the request out and records it, into handles of the
//!    [`Backend`].
//!
//! Which metrics there are stands in [`names`].
//!
//! [tower-metrics]: https://docs.rs/tower-metrics

pub mod backend;
mod buckets;
pub mod labels;
pub mod middleware;
pub mod names;
pub mod observe;
pub mod request;
mod resolved;
mod spec;
#[doc(hidden)]
pub mod threads;

// One path each: what services name lies here, what adapters and exporters need in the modules.
pub use self::backend::contract::Backend;
pub use self::backend::error::DeclareError;
pub use self::buckets::{Buckets, BucketsError};
pub use self::labels::route::Route;
pub use self::middleware::layer::MetricsLayer;
pub use self::middleware::request_body::RequestSizeLayer;
pub use self::middleware::route::RouteLayer;
pub use self::observe::observation::Observation;
pub use self::observe::observer::Observer;
pub use self::request::builder::Builder;
pub use self::request::error::BuildError;
pub use self::resolved::{Live, Resolved};
pub use self::spec::{MetricKind, MetricSpec};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
