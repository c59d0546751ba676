//! Timing anything: by hand, with a guard, with an attribute; and counting what is in flight.
//!
//! # Default
//!
//! Python's client has three ways, and each has its counterpart. By hand, where
//! `histogram.observe(time.time() - start)` is easily forgotten on one of the ways out:
//!
//! ```
//! use std::time::Instant;
//! use tower_metrics_inference::timing::Durations;
//!
//! # use tower_metrics_prometheus::Exporter;
//! # fn predict(input: &str) -> usize { input.len() }
//! # let exporter = Exporter::install()?;
//! let durations = Durations::builder("predict_duration_seconds").build()?;
//! let start = Instant::now();
//! predict("a cat");
//! durations.record(start.elapsed());
//! # assert!(exporter.render().ends_with("predict_duration_seconds_count 1\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With a guard, where Python says `with histogram.time():`. It records on every way out:
//!
//! ```
//! use tower_metrics_inference::timing::{Durations, TimingExt as _};
//!
//! # use tower_metrics_prometheus::Exporter;
//! # fn predict(input: &str) -> usize { input.len() }
//! # async fn predict_later(input: &str) -> usize { input.len() }
//! # tokio_test::block_on(async {
//! # let exporter = Exporter::install()?;
//! let durations = Durations::builder("predict_duration_seconds").build()?;
//! {
//!     let _timer = durations.start();
//!     predict("a cat");
//! }
//! durations.time(|| predict("a cat"));
//! predict_later("a cat").timed(&durations).await;
//! # assert!(exporter.render().ends_with("predict_duration_seconds_count 3\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! With an attribute, where Python says `@histogram.time()`; unlike there, the whole of an async
//! function is timed, and not the making of its future. This needs the feature `macros`:
//!
//! ```
//! # #[cfg(feature = "macros")] {
//! use tower_metrics_inference::timed;
//!
//! #[timed(name = "predict_duration_seconds", help = "Time of a prediction.")]
//! async fn predict(input: &str) -> usize {
//!     input.len()
//! }
//! # let exporter = tower_metrics_prometheus::Exporter::install().unwrap();
//! # assert_eq!(tokio_test::block_on(predict("a cat")), 5);
//! # assert!(exporter.render().ends_with("predict_duration_seconds_count 1\n"));
//! # }
//! ```
//!
//! # Customised
//!
//! Buckets, labels, how it ended, and how many are under way, as with `track_inprogress`:
//!
//! ```
//! use tower_metrics_core::Buckets;
//! use tower_metrics_inference::timing::{InFlight, OutcomeDurations, TimingExt as _};
//! use tower_metrics_prometheus::Exporter;
//!
//! # async fn fetch() -> Result<(), std::fmt::Error> { Err(std::fmt::Error) }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = Exporter::builder().build()?;
//! let durations = OutcomeDurations::builder("fetch_duration_seconds")
//!     .with_help("Time that it takes to fetch an image.")
//!     .with_buckets(Buckets::new([0.1, 60.0])?)
//!     .with_label("source", "disk")
//!     .with_recorder(exporter.recorder())
//!     .build()?;
//! let in_flight = InFlight::builder("fetches_in_flight")
//!     .with_recorder(exporter.recorder())
//!     .build()?;
//!
//! let fetching = fetch().timed_result(&durations).in_flight(&in_flight);
//! assert!(exporter.render().contains("fetches_in_flight 1\n"));
//! assert!(tokio_test::block_on(fetching).is_err());
//!
//! let text = exporter.render();
//! assert!(text.contains("fetches_in_flight 0\n"));
//! for (outcome, count) in [("success", 0), ("error", 1), ("cancelled", 0), ("panic", 0)] {
//!     let series = format!("{{source=\"disk\",outcome=\"{outcome}\"}}");
//!     assert!(text.contains(&format!("fetch_duration_seconds_count{series} {count}\n")));
//! }
//! # Ok(()) }
//! ```
//!
//! # When the clock runs
//!
//! | | from | to |
//! |---|---|---|
//! | [`Durations::start`], [`time`](Durations::time) | the call | the end of the guard or the closure |
//! | [`timed`](TimingExt::timed), [`timed_result`](TimingExt::timed_result) | the call | ready, dropped, or panicked |
//! | `#[timed]` on a function | the call | its end; if it returns a future, that one's |
//! | `#[timed]` on an `async fn` | the first poll, as nothing of it runs before | its end, or dropped |
//!
//! Everything that began is recorded once, however it ends: leaving out what was cancelled hides
//! the slowest ones.
//!
//! # Cost
//!
//! A handle is made once, and kept: in a field, or a `static` with a
//! [`LazyLock`](std::sync::LazyLock), as `#[timed]` does. Using it takes two looks at the clock and
//! allocates nothing. It may be made before the exporter is installed, and may lie unused for any
//! time: handles below it are looked up again where a recorder could have forgotten them.

mod builder;
mod durations;
#[doc(hidden)]
pub mod expansion;
mod future;
mod in_flight;
mod outcome;
mod series;

pub use self::builder::Builder;
pub use self::durations::{Durations, Timer};
pub use self::future::{Guarded, TimedResult, TimingExt};
pub use self::in_flight::{InFlight, InFlightGuard};
pub use self::outcome::{HasOutcome, Outcome, OutcomeDurations, OutcomeTimer};
