//! The Prometheus exporter of [tower-metrics].
//!
//! Built on the [`metrics`] facade, with the names that [`metrics_exporter_prometheus`] gives, it
//! adds to that exporter what a service would otherwise write by hand:
//!
//! - whoever records a metric declares its help and buckets, also after the exporter was built;
//!   every histogram is a histogram, undeclared ones get default buckets;
//! - everything is counted in place, by each thread in a copy of its own, so that none waits for
//!   another: no sample is lost to a scrape, none takes memory, and nobody has to run upkeep, inside
//!   or outside of an async runtime;
//! - gauges and counters may be closures, called when the metrics are rendered
//!   ([`Exporter::gauge_fn`]);
//! - rendering runs on a thread of the exporter's own, which ends with the last exporter; scrapes
//!   that arrive together share one rendering, also compressed, and a slow one keeps no memory;
//! - `/metrics` comes as a tower service ([`Exporter::scrape_service`]), for any other server
//!   ([`Exporter::scrape`]), or on a port of its own (the module `listener`);
//! - the output has a stable order; names and labels that would be shown alike, or break the
//!   format, are reported and never merged.
//!
//! # Default
//!
//! ```
//! use tower_metrics_prometheus::Exporter;
//!
//! let exporter = Exporter::install()?;
//! metrics::counter!("jobs_total", "queue" => "mail").increment(2);
//!
//! assert_eq!(
//!     exporter.render(),
//!     "# TYPE jobs_total counter\n\
//!      jobs_total{queue=\"mail\"} 2\n"
//! );
//! # Ok::<(), tower_metrics_prometheus::ExporterError>(())
//! ```
//!
//! # Customised
//!
//! A private exporter leaves the global recorder alone; two of them do not mix. Its
//! [`recorder`](Exporter::recorder) goes to whoever should record into it.
//!
//! ```
//! use tower_metrics_core::{Buckets, MetricSpec};
//! use tower_metrics_prometheus::Exporter;
//!
//! let exporter = Exporter::builder()
//!     .with_default_buckets(Buckets::light())
//!     .build()?;
//! exporter.declare(&[MetricSpec::gauge("queue_length").with_help("Jobs that wait.")])?;
//!
//! metrics::with_local_recorder(&exporter.recorder(), || metrics::gauge!("queue_length").set(3));
//! assert_eq!(
//!     exporter.render(),
//!     "# HELP queue_length Jobs that wait.\n\
//!      ## TYPE queue_length gauge\n\
//!      queue_length 3\n"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How a scrape is answered
//!
//! What is recorded goes through the [`ExporterRecorder`] into the registry, and is counted there, in
//! place. A scrape reads it, in `src`:
//!
//! 1. `scrape/request.rs`: what is asked becomes a [`ScrapeRequest`], whatever server it came to;
//!    [`ScrapeService`] does so for the types of `http`, and `listener` has a server of its own.
//! 2. `scrape/gate.rs`: the token and the method are checked, and how many wait already. Whoever
//!    does not pass is answered at once.
//! 3. `worker.rs`: the others wait for the exporter's thread, which renders once for all of them,
//!    and compresses once.
//! 4. `source.rs`: the closures are called (`observations.rs`), so that what they record is part of
//!    the same rendering; then the registry is read.
//! 5. `render`: both are joined, put in order, and written as `exposition.rs` says, without what is
//!    idle.
//! 6. `scrape/body.rs`: the text is sent in chunks (`text.rs`), which all who wait for it share, and
//!    which are taken back from those who read too slowly.
//!
//! # The exporter's own metrics
//!
//! None is shown unless it is asked for.
//!
//! | metrics | shown by | in |
//! |---|---|---|
//! | `tower_metrics_scrapes_total`, `tower_metrics_scrape_duration_seconds`, `tower_metrics_scrape_size_bytes` | [`with_self_metrics`](ExporterBuilder::with_self_metrics) | `scrape/self_metrics.rs` |
//! | `process_*` | `observe_process` | `process.rs` |
//! | `tokio_*` | `observe_runtime` | `runtime.rs` |
//! | `build_info` | `observe_build_info` | `build_info.rs` |
//!
//! # Features
//!
//! None is on by default.
//!
//! - `listener`: `Exporter::listen`, the metrics on a port and a thread of their own;
//! - `process`: `Exporter::observe_process`, the standard `process_*` metrics;
//! - `runtime`: `Exporter::observe_runtime`, metrics of a tokio runtime;
//! - `build_info`: `Exporter::observe_build_info`, what the program was built from.
//!
//! # Memory
//!
//! It is bounded by the number of series, whether somebody scrapes or not. A series is never
//! forgotten, since whoever records keeps handles, and what is written to the handle of a forgotten
//! series is lost; an [idle timeout](ExporterBuilder::with_idle_timeout) hides it instead.
//!
//! # Out of scope
//!
//! Native histograms, and the protobuf format that they need, are not offered for now.
//!
//! [tower-metrics]: https://docs.rs/tower-metrics

// Says on docs.rs which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "build_info")]
mod build_info;
mod builder;
mod error;
mod exporter;
mod exposition;
mod global_labels;
#[cfg(feature = "listener")]
pub mod listener;
mod observations;
#[cfg(feature = "process")]
mod process;
mod recorder;
mod registry;
mod render;
mod report;
#[cfg(feature = "runtime")]
mod runtime;
mod scrape;
mod source;
mod text;
mod worker;

#[cfg(feature = "build_info")]
pub use self::build_info::BuildInfo;
pub use self::builder::ExporterBuilder;
pub use self::error::{ExporterError, RenderError};
pub use self::exporter::Exporter;
pub use self::recorder::ExporterRecorder;
pub use self::scrape::{
    CONTENT_TYPE, Scrape, ScrapeAnswer, ScrapeBody, ScrapeFuture, ScrapeRequest, ScrapeService,
    SlowReaderError,
};
pub use self::worker::Rendering;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
