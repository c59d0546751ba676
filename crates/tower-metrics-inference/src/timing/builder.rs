//! What a timed or counted thing is called, and where it goes.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use metrics::Unit;
use tower_metrics_core::backend::Global;
use tower_metrics_core::{Backend, Buckets, DeclareError, MetricSpec};

use super::durations::Durations;
use super::in_flight::InFlight;
use super::outcome::{Outcome, OutcomeDurations};
use super::series::{LabelPair, Series, warn};

/// Configures a [`Durations`], an [`OutcomeDurations`] or an [`InFlight`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder<T> {
    parts: Parts,
    make: fn(Parts) -> (T, Result<(), DeclareError>),
}

#[derive(Clone)]
struct Parts {
    backend: Arc<dyn Backend>,
    name: Cow<'static, str>,
    help: Cow<'static, str>,
    labels: Vec<LabelPair>,
    /// Of histograms only.
    buckets: Buckets,
}

impl<T> Builder<T> {
    fn new(name: Cow<'static, str>, make: fn(Parts) -> (T, Result<(), DeclareError>)) -> Self {
        let parts = Parts {
            backend: Arc::new(Global::default()),
            name,
            help: Cow::Borrowed(""),
            labels: Vec::new(),
            buckets: Buckets::http(),
        };
        Self { parts, make }
    }

    /// Sets the help text. Defaults to none.
    pub fn with_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.parts.help = help.into();
        self
    }

    /// Adds a label with one value. Defaults to none.
    ///
    /// Every value is a series of its own, for as long as the recorder lives: it must come from the
    /// program, never from a request.
    pub fn with_label(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.parts.labels.push((name.into(), value.into()));
        self
    }

    /// Sets where the metric goes. Defaults to what is installed globally.
    pub fn with_recorder(mut self, backend: impl Backend) -> Self {
        self.parts.backend = Arc::new(backend);
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.parts.name
    }

    /// Declares the metric; its series are there at 0 from now on, or from when a recorder is
    /// installed.
    ///
    /// Several handles may share a metric if they differ in the values of their labels only.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if the metric cannot be declared, for example because its name was declared
    /// with other buckets before.
    pub fn build(self) -> Result<T, DeclareError> {
        let (handle, declared) = (self.make)(self.parts);
        declared.map(|()| handle)
    }

    /// Declares the metric as [`build`](Self::build) does. What `build` would refuse is logged
    /// once, and recorded all the same: what was declared before holds.
    pub fn build_or_warn(self) -> T {
        let (handle, declared) = (self.make)(self.parts);
        if let Err(error) = declared {
            warn(&error);
        }
        handle
    }

    pub(super) fn set_buckets(mut self, buckets: Buckets) -> Self {
        self.parts.buckets = buckets;
        self
    }
}

impl Builder<Durations> {
    pub(super) fn durations(name: Cow<'static, str>) -> Self {
        Self::new(name, |parts| {
            let (backend, spec, labels) = parts.histogram(None);
            let (series, declared) = Series::new(backend, spec, [labels]);
            (Durations::new(series), declared)
        })
    }

    /// Sets the buckets, in seconds. Defaults to [`Buckets::http`], 5 ms to 10 s.
    pub fn with_buckets(self, buckets: Buckets) -> Self {
        self.set_buckets(buckets)
    }
}

impl Builder<OutcomeDurations> {
    pub(super) fn outcome_durations(name: Cow<'static, str>) -> Self {
        Self::new(name, |parts| {
            let (backend, spec, labels) = parts.histogram(Some(Outcome::LABEL));
            let rows = Outcome::EACH.map(|outcome| {
                let mut labels = labels.clone();
                labels.push((Cow::Borrowed(Outcome::LABEL), Cow::Borrowed(outcome.as_str())));
                labels
            });
            let (series, declared) = Series::new(backend, spec, rows);
            (OutcomeDurations::new(series), declared)
        })
    }

    /// Sets the buckets, in seconds. Defaults to [`Buckets::http`], 5 ms to 10 s.
    pub fn with_buckets(self, buckets: Buckets) -> Self {
        self.set_buckets(buckets)
    }
}

impl Builder<InFlight> {
    pub(super) fn in_flight(name: Cow<'static, str>) -> Self {
        Self::new(name, |parts| {
            let spec = parts.described(MetricSpec::gauge(parts.name.clone()), None);
            let (series, declared) = Series::new(parts.backend, spec, [parts.labels]);
            (InFlight::new(series), declared)
        })
    }
}

impl Parts {
    fn histogram(
        self,
        extra_label: Option<&'static str>,
    ) -> (Arc<dyn Backend>, MetricSpec, Vec<LabelPair>) {
        let spec = MetricSpec::histogram(self.name.clone(), self.buckets.clone());
        let spec = self.described(spec.with_unit(Unit::Seconds), extra_label);
        (self.backend, spec, self.labels)
    }

    fn described(&self, spec: MetricSpec, extra_label: Option<&'static str>) -> MetricSpec {
        let labels = self.labels.iter().map(|(name, _)| name.clone());
        spec.with_help(self.help.clone()).with_labels(labels.chain(extra_label.map(Cow::Borrowed)))
    }
}

impl<T> fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { backend: _, name, help, labels, buckets } = &self.parts;
        f.debug_struct("Builder")
            .field("name", name)
            .field("help", help)
            .field("labels", labels)
            .field("buckets", buckets)
            .finish_non_exhaustive()
    }
}
