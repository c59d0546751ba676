//! How long something takes, and how it ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use metrics::Histogram;
use quanta::Instant;

use super::builder::Builder;
use super::series::Series;
use crate::unwinding::Unwinding;

/// How something that was timed ended: the label `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// `success`: it returned `Ok`.
    Success,
    /// `error`: it returned `Err`.
    Error,
    /// `cancelled`: it was dropped before it returned.
    Cancelled,
    /// `panic`: it panicked.
    Panic,
}

impl Outcome {
    /// All outcomes, in the order of their declaration.
    pub const ALL: &'static [Self] = &Self::EACH;

    // Apart, since its length is no part of the interface.
    pub(super) const EACH: [Self; 4] = [Self::Success, Self::Error, Self::Cancelled, Self::Panic];

    /// The name of the label.
    pub const LABEL: &'static str = "outcome";

    /// The value of the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Panic => "panic",
        }
    }

    const fn row(self) -> usize {
        self as usize
    }
}

/// Says how something ended by what it returned; for a [`Result`], by its variant.
///
/// Implement it for a type that carries its errors in another way:
///
/// ```
/// use tower_metrics_inference::timing::{HasOutcome, Outcome};
///
/// struct Answer { status: u16 }
///
/// impl HasOutcome for Answer {
///     fn outcome(&self) -> Outcome {
///         if self.status < 500 { Outcome::Success } else { Outcome::Error }
///     }
/// }
///
/// assert_eq!(Answer { status: 503 }.outcome(), Outcome::Error);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether it is a success",
    label = "not a `Result`",
    note = "a duration with an outcome needs a `Result`, or a type that implements `HasOutcome`"
)]
pub trait HasOutcome {
    /// How it ended.
    fn outcome(&self) -> Outcome;
}

impl<T, E> HasOutcome for Result<T, E> {
    fn outcome(&self) -> Outcome {
        if self.is_ok() { Outcome::Success } else { Outcome::Error }
    }
}

impl<R: HasOutcome> From<&R> for Outcome {
    fn from(returned: &R) -> Self {
        returned.outcome()
    }
}

/// A histogram of durations, in seconds, by the label `outcome`. Cheap to clone.
///
/// All values of [`Outcome`] are there at 0 from the beginning, so that a rate of errors can be
/// computed before the first one.
///
/// ```
/// use tower_metrics_inference::timing::OutcomeDurations;
///
/// let parsing = OutcomeDurations::builder("parse_duration_seconds").build()?;
/// let number = parsing.time_result(|| "7".parse::<u8>());
/// assert_eq!(number, Ok(7));
/// # Ok::<(), tower_metrics_core::DeclareError>(())
/// ```
///
/// See the [module docs](super).
#[derive(Clone, Debug)]
pub struct OutcomeDurations {
    series: Arc<Series<Histogram>>,
}

impl OutcomeDurations {
    /// Configures a histogram. By convention its name ends in `_duration_seconds`.
    pub fn builder(name: impl Into<Cow<'static, str>>) -> Builder<Self> {
        Builder::outcome_durations(name.into())
    }

    pub(super) fn new(series: Arc<Series<Histogram>>) -> Self {
        Self { series }
    }

    /// Records a duration that was measured elsewhere.
    pub fn record(&self, outcome: Outcome, duration: Duration) {
        self.series.with(outcome.row(), |histogram| histogram.record(duration.as_secs_f64()));
    }

    /// Starts a timer, which records when it is stopped or dropped.
    pub fn start(&self) -> OutcomeTimer {
        OutcomeTimer {
            durations: Some(self.clone()),
            started: Instant::now(),
            unwinding: Unwinding::watch(),
        }
    }

    /// Times `f`, and records whether it succeeds, fails or panics.
    pub fn time_result<R: HasOutcome>(&self, f: impl FnOnce() -> R) -> R {
        self.start().time(f)
    }
}

/// Measures the time from [`OutcomeDurations::start`] until it is stopped or dropped, and records
/// it once.
///
/// # Cancellation
///
/// A timer that is dropped counts as [`Cancelled`](Outcome::Cancelled), and as
/// [`Panic`](Outcome::Panic) if a panic drops it.
#[derive(Debug)]
#[must_use = "dropping the timer records a cancellation"]
pub struct OutcomeTimer {
    /// Taken when it has recorded.
    durations: Option<OutcomeDurations>,
    started: Instant,
    unwinding: Unwinding,
}

impl OutcomeTimer {
    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Records the time since the start, and returns it. `outcome` may also be a
    /// reference to a result.
    pub fn stop(mut self, outcome: impl Into<Outcome>) -> Duration {
        self.record(outcome.into())
    }

    /// Runs `f`, and records how that ends.
    pub(super) fn time<R: HasOutcome>(self, f: impl FnOnce() -> R) -> R {
        let result = f();
        self.stop(&result);
        result
    }

    /// Records nothing.
    pub fn discard(mut self) {
        self.durations = None;
    }

    fn record(&mut self, outcome: Outcome) -> Duration {
        let elapsed = self.elapsed();
        if let Some(durations) = self.durations.take() {
            durations.record(outcome, elapsed);
        }
        elapsed
    }
}

impl Drop for OutcomeTimer {
    fn drop(&mut self) {
        if self.durations.is_some() {
            let panicked = self.unwinding.has_begun();
            self.record(if panicked { Outcome::Panic } else { Outcome::Cancelled });
        }
    }
}
