//! How many of something are under way.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use metrics::Gauge;

use super::builder::Builder;
use super::series::Series;

/// A gauge of what is under way. Cheap to clone.
///
/// ```
/// use tower_metrics_inference::timing::InFlight;
///
/// let jobs = InFlight::builder("jobs_in_flight").with_help("Jobs under way.").build()?;
/// let job = jobs.enter(); // one more
/// drop(job); // one less
/// assert_eq!(jobs.track(|| 1 + 1), 2);
/// # Ok::<(), tower_metrics_core::DeclareError>(())
/// ```
///
/// See the [module docs](super).
#[derive(Clone, Debug)]
pub struct InFlight {
    series: Arc<Series<Gauge>>,
}

impl InFlight {
    /// Configures a gauge.
    pub fn builder(name: impl Into<Cow<'static, str>>) -> Builder<Self> {
        Builder::in_flight(name.into())
    }

    pub(super) fn new(series: Arc<Series<Gauge>>) -> Self {
        Self { series }
    }

    /// Counts one in, until the guard is dropped.
    pub fn enter(&self) -> InFlightGuard {
        let gauge = self.series.with(0, Gauge::clone).unwrap_or(Gauge::noop());
        gauge.increment(1.0);
        InFlightGuard { gauge }
    }

    /// Counts `f` while it runs, whether it returns or panics.
    pub fn track<T>(&self, f: impl FnOnce() -> T) -> T {
        let _guard = self.enter();
        f()
    }
}

/// Keeps one counted in by [`InFlight::enter`], and counts it out when it is dropped.
///
/// # Cancellation
///
/// A guard in a future that is dropped, or in code that panics, counts out as any other.
#[must_use = "dropping the guard counts it out"]
pub struct InFlightGuard {
    /// The handle that was counted up is the one to be counted down, whatever comes in between.
    gauge: Gauge,
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.gauge.decrement(1.0);
    }
}

impl fmt::Debug for InFlightGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlightGuard").finish_non_exhaustive()
    }
}
