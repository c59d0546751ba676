//! The Pushgateway client of [tower-metrics].
//!
//! For jobs that end before Prometheus could scrape them. A [`PushGateway`] says where to push and
//! under which job; it is checked once, by [`build`](PushGateway::build), before the job runs. The
//! [`Pusher`] that comes of it pushes what an exporter renders:
//!
//! - [`push`](Pusher::push) replaces what the gateway has of the job, [`add`](Pusher::add) the
//!   metrics of the same names only, [`delete`](Pusher::delete) removes everything; each also
//!   blocking;
//! - [`push_every`](Pusher::push_every) pushes at an interval, and a last time when its handle is
//!   shut down or dropped;
//! - lost connections, timeouts and answers of 500 and above are tried again, a few times and not
//!   for ever; the [`PushError`] of the last attempt carries the gateway's status and words;
//! - a push that failed loses nothing: what was recorded goes with the next one.
//!
//! # Default
//!
//! A job has an exporter of its own, so it pushes what it has recorded, and nothing of the process
//! around it. Closures such as [`gauge_fn`] are called for the push.
//!
//! ```no_run
//! use tower_metrics_prometheus::Exporter;
//! use tower_metrics_push::PushGateway;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = Exporter::builder().build()?;
//! let pusher = PushGateway::new("http://127.0.0.1:9091")?.with_job("nightly").build()?;
//!
//! metrics::with_local_recorder(&exporter.recorder(), || {
//!     metrics::counter!("rows_total").increment(42);
//! });
//! pusher.push(&exporter).await?;
//! # Ok(()) }
//! ```
//!
//! # Customised
//!
//! ```
//! use std::time::Duration;
//! use tower_metrics_push::{PushGateway, PushGatewayError};
//!
//! let pusher = PushGateway::new("http://127.0.0.1:9091")?
//!     .with_job("nightly")
//!     .with_grouping("shard", "3")
//!     .with_grouping("path", "/var/tmp")
//!     .with_basic_auth("job", "a password")
//!     .with_header("x-scope-orgid", "tenant-1")
//!     .with_timeout(Duration::from_secs(5))
//!     .with_retries(2)
//!     .build()?;
//! assert!(!format!("{pusher:?}").contains("password"));
//!
//! // What the gateway would not take is an error before the job runs.
//! let gateway = PushGateway::new("http://127.0.0.1:9091")?.with_job("nightly");
//! let error = gateway.with_grouping("shard-number", "3").build();
//! assert!(matches!(error, Err(PushGatewayError::InvalidGrouping { .. })));
//! # Ok::<(), PushGatewayError>(())
//! ```
//!
//! An exporter that was [installed](tower_metrics_prometheus::Exporter::install) can be pushed too, with everything that the
//! process has recorded.
//!
//! # Threads and runtimes
//!
//! Each push has a thread of its own while it lasts. So its futures work on any executor, the
//! blocking ones anywhere, and rendering and encryption hold up no async worker.
//!
//! # What the gateway does
//!
//! - It keeps a group until it is deleted, also when the job is long gone. It adds the label
//!   `instance=""`, unless the grouping key has one, and overwrites labels of a metric that the
//!   grouping key has too.
//! - It refuses, with 400, a metric of another type than it knows under that name, also in another
//!   group, or of the names of its own, such as `go_goroutines`.
//! - Prometheus needs `honor_labels: true` to keep the job's labels.
//!
//! # Security
//!
//! Certificates are checked against the system's roots and those that were
//! [added](PushGateway::with_root_certificates). Redirects are not followed, since they would
//! carry credentials elsewhere. No secret is in an error or in what [`Debug`](std::fmt::Debug)
//! shows. Proxies from the environment, client certificates and HTTP/2 are out of scope for now.
//!
//! [tower-metrics]: https://docs.rs/tower-metrics
//! [`gauge_fn`]: tower_metrics_prometheus::Exporter::gauge_fn

mod background;
mod error;
mod exchange;
mod future;
mod gateway;
mod periodic;
mod pusher;
mod retry;

pub use self::error::{PushError, PushGatewayError};
pub use self::future::PushFuture;
pub use self::gateway::PushGateway;
pub use self::periodic::{PeriodicPush, Shutdown};
pub use self::pusher::Pusher;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
