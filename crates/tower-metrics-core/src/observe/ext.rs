//! Observations of a single value.

use std::sync::Arc;

use super::closure::ObserveFn;
use super::observation::Observation;
use super::observer::Observer;
use super::value::Value;
use crate::backend::{Backend, DeclareError};
use crate::spec::{MetricKind, MetricSpec};

/// Extends every [`Backend`] by observations of a single value.
pub trait BackendExt: Backend {
    /// Observes a gauge: `value` is its value whenever it is rendered. The gauge's label names are
    /// those of `labels`, which are constant.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] as for [`Backend::observe`], or if `spec` is not that of a gauge.
    fn gauge_fn<V: Value>(
        &self,
        spec: MetricSpec,
        labels: &[(&str, &str)],
        value: impl Fn() -> V + Send + Sync + 'static,
    ) -> Result<Observation, DeclareError> {
        observe_one(self, MetricKind::Gauge, spec, labels, move |observer, metric, labels| {
            observer.gauge(metric, labels, value());
        })
    }

    /// Observes a counter: `total` is what it has reached whenever it is rendered. As for
    /// [`gauge_fn`](Self::gauge_fn).
    ///
    /// # Errors
    ///
    /// [`DeclareError`] as for [`Backend::observe`], or if `spec` is not that of a counter.
    fn counter_fn<V: Value>(
        &self,
        spec: MetricSpec,
        labels: &[(&str, &str)],
        total: impl Fn() -> V + Send + Sync + 'static,
    ) -> Result<Observation, DeclareError> {
        observe_one(self, MetricKind::Counter, spec, labels, move |observer, metric, labels| {
            observer.counter(metric, labels, total());
        })
    }
}

impl<B: Backend + ?Sized> BackendExt for B {}

fn observe_one<B: Backend + ?Sized>(
    backend: &B,
    wanted: MetricKind,
    spec: MetricSpec,
    labels: &[(&str, &str)],
    observe: impl Fn(&mut Observer<'_>, &str, &[(&str, &str)]) + Send + Sync + 'static,
) -> Result<Observation, DeclareError> {
    if spec.kind() != wanted {
        return Err(DeclareError::WrongKind { name: spec.name().to_owned(), kind: spec.kind() });
    }
    let spec = spec.with_labels(labels.iter().map(|(name, _)| (*name).to_owned()));
    let metric = spec.name().to_owned();
    let labels: Arc<[(String, String)]> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let own = Arc::clone(&labels);
    let closure = ObserveFn::of_series(own, move |observer| {
        let labels: Vec<(&str, &str)> =
            labels.iter().map(|(name, value)| (&**name, &**value)).collect();
        observe(observer, &metric, &labels);
    });
    backend.observe(&[spec], closure)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use metrics::NoopRecorder;

    use super::*;
    use crate::Buckets;
    use crate::backend::Describing;

    /// A recorder of somebody else does not say when it is read; it gets the description.
    #[test]
    fn with_a_foreign_recorder_a_closure_is_never_called() {
        let called = Arc::new(AtomicBool::new(false));
        let backend = Describing::new(NoopRecorder);
        let observation = backend.gauge_fn(MetricSpec::gauge("a"), &[("x", "1")], {
            let called = Arc::clone(&called);
            move || called.swap(true, Ordering::Relaxed)
        });
        observation.unwrap().detach();
        assert!(!called.load(Ordering::Relaxed));
        assert_eq!(Arc::strong_count(&called), 1);
    }

    /// What cannot be observed is said at once, and not at the first scrape.
    #[test]
    fn a_specification_of_another_kind_is_an_error() {
        let backend = Describing::new(NoopRecorder);
        let wrong = |kind| DeclareError::WrongKind { name: "a".to_owned(), kind };
        let error = backend.gauge_fn(MetricSpec::counter("a"), &[], || 1).unwrap_err();
        assert_eq!(error, wrong(MetricKind::Counter));
        let error = backend.counter_fn(MetricSpec::gauge("a"), &[], || 1).unwrap_err();
        assert_eq!(error, wrong(MetricKind::Gauge));
        let histogram = MetricSpec::histogram("a", Buckets::http());
        let error = backend.observe(&[histogram], ObserveFn::new(|_| {})).unwrap_err();
        assert_eq!(error, wrong(MetricKind::Histogram));
        assert!(error.to_string().contains("is a histogram"));
        let error = backend.gauge_fn(MetricSpec::gauge("a"), &[("le", "1")], || 1).unwrap_err();
        assert!(matches!(error, DeclareError::InvalidLabel { .. }));
    }
}
