//! What a recorder has to do to be a backend.

use metrics::{Gauge, Histogram, Key, Metadata, Recorder};

use super::error::DeclareError;
use crate::observe::{Observation, ObserveFn};
use crate::spec::{MetricKind, MetricSpec};

/// A [`metrics::Recorder`] that also takes declarations of metrics, and closures that are read
/// when it is.
///
/// `tower-metrics-prometheus` implements it for its exporter. Any other recorder becomes one in
/// [`Describing`](super::Describing), which turns a declaration into descriptions.
pub trait Backend: Recorder + Send + Sync + 'static {
    /// Declares metrics, so that help texts and buckets are in place before the first sample.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if a specification is invalid, or clashes with what was declared or
    /// recorded under its name before. Then none of `specs` is declared.
    fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError>;

    /// Whether handles registered now record anything. Handles registered while this is `false`
    /// are asked for again later. Defaults to `true`.
    fn is_recording(&self) -> bool {
        true
    }

    /// Whether handles record for as long as the backend lives, so that those of a series need no
    /// second look-up. Defaults to `false`: an exporter may forget series that lie unused.
    fn keeps_handles(&self) -> bool {
        false
    }

    /// A handle that records all of an operation at once: each sample, a duration, goes into the
    /// histogram, adds 1 to the counter and takes 1 from the gauge.
    ///
    /// For backends that do this for less than by three handles; defaults to `None`. It records
    /// for as long as the handles of a backend that [keeps](Self::keeps_handles) them, on any
    /// thread, and for least on the one that registered it.
    fn register_operation(
        &self,
        operation: &Operation<'_>,
        metadata: &Metadata<'_>,
    ) -> Option<Histogram> {
        let _ = (operation, metadata);
        None
    }

    /// As [`register_gauge`](Recorder::register_gauge), for a handle that records on any thread, and
    /// for least on the one that registered it. Defaults to that.
    fn register_own_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.register_gauge(key, metadata)
    }

    /// Calls `f` once handles record something: at once, or as soon as a backend is installed.
    ///
    /// For series that are there before anything is recorded into them. Nobody says when a foreign
    /// recorder is installed, so then `f` may never be called. Defaults to at once.
    fn when_recording(&self, f: Box<dyn FnOnce() + Send>) {
        f();
    }

    /// Declares metrics whose values `observe` reads, each time the metrics are rendered, and at no
    /// other time; see [`observe`](crate::observe). Dropping the handle ends it.
    ///
    /// Several observations may fill one metric, each its own series. If `observe` panics, its
    /// samples are missing from that rendering, and nothing else is.
    ///
    /// A recorder that does not tell when it is read cannot call anybody: by default the metrics
    /// are declared, `observe` is never called, and the handle does nothing.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] as for [`declare`](Self::declare), if one of `specs` is a histogram's, or
    /// if it is certain that a series would be observed twice: one of a metric without labels, or
    /// of [`gauge_fn`](crate::observe::BackendExt::gauge_fn).
    fn observe(
        &self,
        specs: &[MetricSpec],
        observe: ObserveFn,
    ) -> Result<Observation, DeclareError> {
        observable(specs)?;
        self.declare(specs)?;
        drop(observe);
        Ok(Observation::never())
    }
}

/// The series of an operation that is in flight until it is over, counted and timed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Operation<'a> {
    /// The gauge that 1 was added to when the operation began.
    pub in_flight: &'a Key,
    /// The counter of the operations that are over.
    pub total: &'a Key,
    /// The histogram of their durations.
    pub duration: &'a Key,
}

impl<'a> Operation<'a> {
    /// Names its series.
    pub const fn new(in_flight: &'a Key, total: &'a Key, duration: &'a Key) -> Self {
        Self { in_flight, total, duration }
    }
}

/// Checks that every metric of `specs` is a gauge or a counter. For backends.
///
/// # Errors
///
/// [`DeclareError::WrongKind`] if one is a histogram.
pub fn observable(specs: &[MetricSpec]) -> Result<(), DeclareError> {
    match specs.iter().find(|spec| spec.kind == MetricKind::Histogram) {
        Some(spec) => Err(DeclareError::WrongKind { name: spec.name.to_string(), kind: spec.kind }),
        None => Ok(()),
    }
}
