//! The inference metrics: every name, label and bucket list in one table, `table.rs`.

mod table;

use metrics::Unit;
use tower_metrics_core::{Buckets, MetricKind, MetricSpec};

/// A metric of this crate.
///
/// Names and units follow [Prometheus' practices]; the buckets of the token metrics are those that
/// most inference servers use, so that dashboards compare.
///
/// [Prometheus' practices]: https://prometheus.io/docs/practices/naming/
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InferenceMetric {
    /// `inference_requests_total`: requests by [`Status`](crate::Status), counted when they end.
    Requests,
    /// `inference_errors_total`: requests with the status `error`, by what went wrong.
    Errors,
    /// `inference_duration_seconds`: from a request's arrival to its end, queue included.
    /// Rejected requests have no duration.
    Duration,
    /// `inference_in_flight_requests`: requests that have arrived and not ended yet.
    InFlight,
    /// `inference_waiting_requests`: requests in the queue.
    Waiting,
    /// `inference_running_requests`: requests out of the queue that have not ended yet.
    Running,
    /// `inference_queue_duration_seconds`: from a request's arrival to its start.
    QueueDuration,
    /// `inference_queue_length`: requests that wait, read when the metrics are rendered.
    QueueLength,
    /// `inference_max_concurrency`: how many requests a model can run at once.
    MaxConcurrency,
    /// `inference_batch_size`: requests that a model ran together.
    BatchSize,
    /// `inference_input_token_length`: tokens in a request's input.
    InputLength,
    /// `model_loaded`: 1 if the model is loaded, else 0.
    ModelLoaded,
    /// `models_loaded_count`: how many models are loaded.
    ModelsLoaded,
    /// `model_load_duration_seconds`: how long loading took, whatever came of it.
    LoadDuration,
    /// `model_loads_total`: loads that ended, by [`LoadStatus`](crate::LoadStatus).
    Loads,
    /// `model_unloads_total`: how often a loaded model was unloaded.
    Unloads,
    /// `model_info`: 1 for the version in use, 0 for those before.
    ModelInfo,
    /// `gpu_memory_used_bytes`: memory in use, read when the metrics are rendered, as the other
    /// two of a GPU. See [`gpu`](crate::gpu).
    GpuMemoryUsed,
    /// `gpu_memory_total_bytes`: memory that there is.
    GpuMemoryTotal,
    /// `gpu_utilization_ratio`: part of the time in which the GPU was busy, from 0 to 1.
    GpuUtilization,
    /// `inference_time_to_first_token_seconds`: from a request's arrival to its first token.
    /// Opt-in, as all that follow.
    TimeToFirstToken,
    /// `inference_inter_token_latency_seconds`: between two tokens; the tokens of a chunk share
    /// the time since the chunk before it.
    InterTokenLatency,
    /// `inference_time_per_output_token_seconds`: the mean time between the tokens of a request,
    /// if it has two or more.
    TimePerOutputToken,
    /// `inference_input_tokens_total`: tokens read.
    InputTokens,
    /// `inference_output_tokens_total`: tokens generated, counted as they come.
    OutputTokens,
    /// `inference_output_token_length`: tokens in a request's output.
    OutputLength,
    /// `inference_finish_total`: generations that ended, by
    /// [`FinishReason`](crate::FinishReason).
    Finish,
    /// `batch_inference_processed_total`: items of a batch job that ended, by their status:
    /// `success`, `error`, or `cancelled`.
    BatchProcessed,
    /// `batch_inference_item_duration_seconds`: how long an item of a batch job took, whatever came
    /// of it.
    BatchItemDuration,
    /// `batch_inference_duration_seconds`: how long the last run of a batch job took, whatever came
    /// of it.
    BatchDuration,
    /// `batch_inference_last_success_timestamp_seconds`: when a batch job succeeded last, as Unix
    /// time.
    BatchLastSuccess,
    /// `tower_metrics_label_overflow_total`: label values that came after the limit and were
    /// replaced.
    LabelOverflow,
}

impl InferenceMetric {
    /// All metrics.
    pub const ALL: &'static [Self] = &[
        Self::Requests,
        Self::Errors,
        Self::Duration,
        Self::InFlight,
        Self::Waiting,
        Self::Running,
        Self::QueueDuration,
        Self::QueueLength,
        Self::MaxConcurrency,
        Self::BatchSize,
        Self::InputLength,
        Self::ModelLoaded,
        Self::ModelsLoaded,
        Self::LoadDuration,
        Self::Loads,
        Self::Unloads,
        Self::ModelInfo,
        Self::GpuMemoryUsed,
        Self::GpuMemoryTotal,
        Self::GpuUtilization,
        Self::TimeToFirstToken,
        Self::InterTokenLatency,
        Self::TimePerOutputToken,
        Self::InputTokens,
        Self::OutputTokens,
        Self::OutputLength,
        Self::Finish,
        Self::BatchProcessed,
        Self::BatchItemDuration,
        Self::BatchDuration,
        Self::BatchLastSuccess,
        Self::LabelOverflow,
    ];

    /// The default specification.
    pub fn spec(self) -> MetricSpec {
        self.spec_with(None)
    }

    /// The specification, with other buckets if it is a histogram.
    pub(crate) fn spec_with(self, buckets: Option<&Buckets>) -> MetricSpec {
        let name = self.name();
        let spec = match self.kind() {
            (MetricKind::Counter, _) => MetricSpec::counter(name),
            (_, Some(default)) => MetricSpec::histogram(name, buckets.cloned().unwrap_or(default)),
            (_, None) => MetricSpec::gauge(name),
        };
        let spec = spec.with_help(self.help()).with_labels(self.labels().iter().copied());
        if name.ends_with("_seconds") {
            spec.with_unit(Unit::Seconds)
        } else if name.ends_with("_bytes") {
            spec.with_unit(Unit::Bytes)
        } else {
            spec
        }
    }

    /// Whether the metric is recorded only with
    /// [`with_tokens`](crate::InferenceBuilder::with_tokens).
    pub const fn is_of_tokens(self) -> bool {
        matches!(
            self,
            Self::TimeToFirstToken
                | Self::InterTokenLatency
                | Self::TimePerOutputToken
                | Self::InputTokens
                | Self::OutputTokens
                | Self::OutputLength
                | Self::Finish
        )
    }

    /// Whether the metric is one of batch jobs, and not of services.
    pub const fn is_of_batch_jobs(self) -> bool {
        matches!(
            self,
            Self::BatchProcessed
                | Self::BatchItemDuration
                | Self::BatchDuration
                | Self::BatchLastSuccess
        )
    }
}

/// The label that says which model: a registered one's name, else `unknown`.
pub(crate) const MODEL_NAME: &str = "model_name";
/// The label that says how a request, a load, or an item of a batch job ended.
pub(crate) const STATUS: &str = "status";
/// The label that says what went wrong.
pub(crate) const ERROR_TYPE: &str = "error_type";
/// The label that says why a generation stopped.
pub(crate) const FINISH_REASON: &str = "finish_reason";
/// The label that says which GPU.
pub(crate) const GPU_ID: &str = "gpu_id";
/// The label that says which version of a model.
pub(crate) const VERSION: &str = "version";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tower_metrics_core::names::HttpMetric;

    use super::*;

    /// The table itself obeys the rules that users' declarations are held to.
    #[test]
    fn every_specification_is_valid_and_explained() {
        for metric in InferenceMetric::ALL.iter().copied() {
            let spec = metric.spec();
            assert_eq!(spec.validate(), Ok(()));
            assert!(spec.help().ends_with('.'), "{}", spec.name());
            assert_eq!(spec.kind() == MetricKind::Counter, spec.name().ends_with("_total"));
            assert_eq!(spec.kind() == MetricKind::Histogram, spec.buckets().is_some());
        }
    }

    /// Whoever adds a metric adds it to the list too, under a name of its own.
    #[test]
    fn every_metric_is_listed_once_under_a_name_of_its_own() {
        let last = InferenceMetric::LabelOverflow as usize;
        let listed = InferenceMetric::ALL.iter().map(|metric| *metric as usize);
        assert!(listed.eq(0..=last), "in the order of the declaration, of which it is the last");

        let names: HashSet<&str> =
            InferenceMetric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), InferenceMetric::ALL.len());
    }

    /// Both crates count overflows into one metric, so they must declare the same.
    #[test]
    fn the_overflow_counter_is_that_of_the_http_metrics() {
        assert_eq!(InferenceMetric::LabelOverflow.spec(), HttpMetric::LabelOverflow.spec());
    }

    /// Whoever looks a metric up finds it on the crate's page, as it is.
    #[test]
    fn the_readme_lists_every_metric() {
        let rows = include_str!("../README.md").lines().filter(|line| line.starts_with("| `"));
        let listed = rows.map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            // The values of a label follow a colon.
            let labels = cells[3].split(':').next().unwrap_or_default();
            [cells[1].trim_matches('`').to_owned(), cells[2].to_owned(), labels.replace('`', "")]
        });
        // The last one is that of all crates, and in no table.
        let (_, of_this_crate) = InferenceMetric::ALL.split_last().unwrap();
        let expected = of_this_crate.iter().map(|metric| {
            [metric.name().to_owned(), metric.spec().kind().to_string(), metric.labels().join(", ")]
        });
        assert_eq!(listed.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}
