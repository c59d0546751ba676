//! What is measured, and where it goes.

use std::fmt;
use std::sync::Arc;

use tower_metrics_core::backend::Global;
use tower_metrics_core::{Backend, Buckets, MetricKind, MetricSpec};

use crate::error::InferenceError;
use crate::inference::Inference;
use crate::names::InferenceMetric;

/// Configures [`Inference`].
///
/// ```
/// use tower_metrics_inference::{Buckets, Inference};
///
/// let inference = Inference::builder()
///     .with_duration_buckets(Buckets::large_model())
///     .with_tokens()
///     .build()?;
/// # Ok::<(), tower_metrics_inference::InferenceError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct InferenceBuilder {
    backend: Arc<dyn Backend>,
    buckets: Vec<(InferenceMetric, Buckets)>,
    with_tokens: bool,
    max_models: usize,
    max_label_values: usize,
}

impl InferenceBuilder {
    pub(crate) fn new() -> Self {
        Self {
            backend: Arc::new(Global::default()),
            buckets: Vec::new(),
            with_tokens: false,
            max_models: 100,
            max_label_values: 100,
        }
    }

    /// Sets where the metrics go. Defaults to what is installed globally.
    pub fn with_recorder(mut self, backend: impl Backend) -> Self {
        self.backend = Arc::new(backend);
        self
    }

    /// Sets the buckets of `inference_duration_seconds`, in seconds. Defaults to
    /// [`Buckets::general`].
    ///
    /// Its largest edge should be what you time out after, and one edge each latency you promise.
    pub fn with_duration_buckets(self, buckets: Buckets) -> Self {
        self.with_buckets(InferenceMetric::Duration, buckets)
    }

    /// Sets the buckets of a histogram. Defaults to those of its
    /// [specification](InferenceMetric::spec).
    pub fn with_buckets(mut self, metric: InferenceMetric, buckets: Buckets) -> Self {
        self.buckets.push((metric, buckets));
        self
    }

    /// Records the metrics of tokens too, for models that generate. Defaults to off.
    pub fn with_tokens(mut self) -> Self {
        self.with_tokens = true;
        self
    }

    /// Sets how many models can be registered. Defaults to 100.
    pub fn with_max_models(mut self, models: usize) -> Self {
        self.max_models = models;
        self
    }

    /// Sets how many error types, and how many versions of models, are told apart; later ones
    /// become `other`. Defaults to 100.
    pub fn with_max_label_values(mut self, values: usize) -> Self {
        self.max_label_values = values;
        self
    }

    /// Declares the metrics.
    ///
    /// # Errors
    ///
    /// [`InferenceError`] if buckets were given for what has none, or twice, or a metric of the same
    /// name is declared already with another meaning.
    pub fn build(self) -> Result<Inference, InferenceError> {
        self.backend.declare(&self.specs()?)?;
        Ok(Inference::from_parts(
            self.backend,
            self.with_tokens,
            self.max_models,
            self.max_label_values,
        ))
    }

    fn specs(&self) -> Result<Vec<MetricSpec>, InferenceError> {
        for (index, (metric, _)) in self.buckets.iter().enumerate() {
            if metric.spec().kind() != MetricKind::Histogram {
                return Err(InferenceError::NoHistogram { metric: *metric });
            }
            if metric.is_of_batch_jobs() {
                return Err(InferenceError::OfBatchJobs { metric: *metric });
            }
            if !self.records(*metric) {
                return Err(InferenceError::TokensOff { metric: *metric });
            }
            if self.buckets.iter().take(index).any(|(earlier, _)| earlier == metric) {
                return Err(InferenceError::BucketsTwice { metric: *metric });
            }
        }
        let recorded = InferenceMetric::ALL.iter().copied().filter(|metric| self.records(*metric));
        Ok(recorded.map(|metric| self.spec(metric)).collect())
    }

    fn records(&self, metric: InferenceMetric) -> bool {
        !metric.is_of_batch_jobs() && (self.with_tokens || !metric.is_of_tokens())
    }

    fn spec(&self, metric: InferenceMetric) -> MetricSpec {
        let given = self.buckets.iter().find(|(given, _)| *given == metric);
        metric.spec_with(given.map(|(_, buckets)| buckets))
    }
}

impl fmt::Debug for InferenceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceBuilder")
            .field("buckets", &self.buckets)
            .field("with_tokens", &self.with_tokens)
            .field("max_models", &self.max_models)
            .field("max_label_values", &self.max_label_values)
            .finish_non_exhaustive()
    }
}
