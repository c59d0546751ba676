//! How long something takes.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use metrics::Histogram;
use quanta::Instant;

use super::builder::Builder;
use super::series::Series;

/// A histogram of durations, in seconds. Cheap to clone.
///
/// ```
/// use tower_metrics_core::Buckets;
/// use tower_metrics_inference::timing::Durations;
///
/// let durations = Durations::builder("resize_duration_seconds")
///     .with_help("Time that it takes to resize an image.")
///     .with_buckets(Buckets::light())
///     .build()?;
/// assert_eq!(durations.time(|| 1 + 1), 2);
/// # Ok::<(), tower_metrics_core::DeclareError>(())
/// ```
///
/// See the [module docs](super).
#[derive(Clone, Debug)]
pub struct Durations {
    series: Arc<Series<Histogram>>,
}

impl Durations {
    /// Configures a histogram. By convention its name ends in `_duration_seconds`.
    pub fn builder(name: impl Into<Cow<'static, str>>) -> Builder<Self> {
        Builder::durations(name.into())
    }

    pub(super) fn new(series: Arc<Series<Histogram>>) -> Self {
        Self { series }
    }

    /// Records a duration that was measured elsewhere.
    pub fn record(&self, duration: Duration) {
        self.series.with(0, |histogram| histogram.record(duration.as_secs_f64()));
    }

    /// Starts a timer, which records when it is dropped.
    pub fn start(&self) -> Timer {
        Timer { durations: Some(self.clone()), started: Instant::now() }
    }

    /// Times `f`, whether it returns or panics.
    ///
    /// What `f` returns may be a future; then this times the making of it, and
    /// [`timed`](super::TimingExt::timed) is what times the future.
    pub fn time<T>(&self, f: impl FnOnce() -> T) -> T {
        let _timer = self.start();
        f()
    }
}

/// Measures the time from [`Durations::start`] until it is stopped or dropped, and records it once.
///
/// # Cancellation
///
/// A timer in a future that is dropped, or in code that panics, records the time until then.
#[derive(Debug)]
#[must_use = "dropping the timer records the duration"]
pub struct Timer {
    /// Taken when it has recorded.
    durations: Option<Durations>,
    started: Instant,
}

impl Timer {
    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Records the time since the start, and returns it.
    pub fn stop(mut self) -> Duration {
        self.record()
    }

    /// Records nothing.
    pub fn discard(mut self) {
        self.durations = None;
    }

    fn record(&mut self) -> Duration {
        let elapsed = self.elapsed();
        if let Some(durations) = self.durations.take() {
            durations.record(elapsed);
        }
        elapsed
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if self.durations.is_some() {
            self.record();
        }
    }
}
