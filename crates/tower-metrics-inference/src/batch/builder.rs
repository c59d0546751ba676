//! What a job pushes, and where to.

use tower_metrics_core::Buckets;
use tower_metrics_prometheus::Exporter;
use tower_metrics_push::PushGateway;

use super::error::BatchJobError;
use super::job::BatchJob;
use super::series::Series;
use crate::models::check_name;
use crate::names::InferenceMetric;

/// Configures a [`BatchJob`].
///
/// See the [module docs](super).
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct BatchJobBuilder {
    model_name: String,
    gateway: Option<PushGateway>,
    exporter: Option<Exporter>,
    item_buckets: Option<Buckets>,
}

impl BatchJobBuilder {
    pub(super) fn new(model_name: String) -> Self {
        Self { model_name, gateway: None, exporter: None, item_buckets: None }
    }

    /// Pushes to this gateway when the job ends; a gateway without a job gets
    /// `batch_inference_` and the model's name. Defaults to pushing nowhere.
    pub fn with_gateway(mut self, gateway: PushGateway) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// Records into this exporter, and pushes all that it has: the global one's everything, say.
    /// Defaults to one of the job's own.
    pub fn with_exporter(mut self, exporter: &Exporter) -> Self {
        self.exporter = Some(exporter.clone());
        self
    }

    /// Sets the buckets of `batch_inference_item_duration_seconds`, in seconds. Defaults to
    /// [`Buckets::batch_items`].
    pub fn with_item_buckets(mut self, buckets: Buckets) -> Self {
        self.item_buckets = Some(buckets);
        self
    }

    /// Checks everything that was set, and begins the job: its duration counts from here, and its
    /// series are there, at zero. After this, only the push itself can fail.
    ///
    /// # Errors
    ///
    /// [`BatchJobError`] if the model's name is empty, longer than 256 bytes, or `unknown`, if the
    /// gateway cannot be pushed to, if an exporter's thread cannot be started, or if the one that
    /// was given has a metric of the same name with another meaning.
    pub fn build(self) -> Result<BatchJob, BatchJobError> {
        let Self { model_name, gateway, exporter, item_buckets } = self;
        check_name(&model_name)?;
        let named = |gateway: PushGateway| match gateway.job() {
            "" => gateway.with_job(format!("batch_inference_{model_name}")),
            _ => gateway,
        };
        let pusher = gateway.map(|gateway| named(gateway).build()).transpose()?;
        let exporter = exporter.map_or_else(|| Exporter::builder().build(), Ok)?;
        let metrics =
            InferenceMetric::ALL.iter().copied().filter(|metric| metric.is_of_batch_jobs());
        let specs: Vec<_> = metrics.map(|metric| metric.spec_with(item_buckets.as_ref())).collect();
        exporter.declare(&specs)?;
        let series = Series::new(&exporter, model_name);
        Ok(BatchJob::new_with(series, exporter, pusher))
    }
}
