//! Where the handles of all models come from, and the state that their gauges show.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata};
use tower_metrics_core::Backend;
use tower_metrics_core::labels::LabelLimit;

use super::state::State;
use crate::names::InferenceMetric;

const METADATA: Metadata<'static> =
    Metadata::new("tower_metrics_inference", Level::INFO, Some("tower_metrics_inference"));

/// A backend, what is recorded into it, and the states of the models.
pub(crate) struct Source {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) with_tokens: bool,
    pub(crate) error_types: LabelLimit,
    versions: LabelLimit,
    /// By number of the model. Gauges are set under this lock, so that they show the last change.
    states: Mutex<Vec<State>>,
}

impl Source {
    pub(crate) fn new(backend: Arc<dyn Backend>, with_tokens: bool, max_values: usize) -> Self {
        Self {
            backend,
            with_tokens,
            error_types: LabelLimit::new(max_values),
            versions: LabelLimit::new(max_values),
            states: Mutex::default(),
        }
    }

    pub(crate) fn states(&self) -> MutexGuard<'_, Vec<State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a model that was registered just now.
    pub(crate) fn add_model(&self) -> usize {
        let mut states = self.states();
        states.push(State::new());
        states.len() - 1
    }

    /// Shows how many models are loaded.
    pub(crate) fn show_count(&self, states: &[State]) {
        let loaded = states.iter().filter(|state| state.loaded).count();
        self.gauge(InferenceMetric::ModelsLoaded, &[]).set(to_f64(loaded));
    }

    /// The value to use for an error type.
    pub(crate) fn admit_error_type(&self, value: &str) -> Arc<str> {
        self.admit(&self.error_types, crate::names::ERROR_TYPE, value)
    }

    /// The value to use for a version.
    pub(crate) fn admit_version(&self, value: &str) -> Arc<str> {
        self.admit(&self.versions, crate::names::VERSION, value)
    }

    fn admit(&self, limit: &LabelLimit, label: &'static str, value: &str) -> Arc<str> {
        limit.admit(value).unwrap_or_else(|| {
            self.counter(InferenceMetric::LabelOverflow, &[label]).increment(1);
            LabelLimit::OVERFLOW.into()
        })
    }

    /// The counter with these values of its labels, in their order.
    pub(crate) fn counter(&self, metric: InferenceMetric, values: &[&str]) -> Counter {
        self.backend.register_counter(&key(metric, values), &METADATA)
    }

    pub(crate) fn gauge(&self, metric: InferenceMetric, values: &[&str]) -> Gauge {
        self.backend.register_gauge(&key(metric, values), &METADATA)
    }

    pub(crate) fn histogram(&self, metric: InferenceMetric, values: &[&str]) -> Histogram {
        self.backend.register_histogram(&key(metric, values), &METADATA)
    }
}

fn key(metric: InferenceMetric, values: &[&str]) -> Key {
    let labels = metric.labels().iter().zip(values);
    let labels: Vec<Label> =
        labels.map(|(name, value)| Label::new(*name, (*value).to_owned())).collect();
    Key::from_parts(metric.name(), labels)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("with_tokens", &self.with_tokens).finish_non_exhaustive()
    }
}

#[expect(clippy::cast_precision_loss, reason = "metrics are f64; exact up to 2^53")]
pub(crate) fn to_f64(count: usize) -> f64 {
    count as f64
}
