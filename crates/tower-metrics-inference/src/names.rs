//! The inference metrics: every name, label and bucket list in one table.

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
        let (name, kind, help) = self.row();
        let buckets = || buckets.cloned().unwrap_or_else(|| self.buckets());
        let spec = match kind {
            MetricKind::Counter => MetricSpec::counter(name),
            MetricKind::Histogram => MetricSpec::histogram(name, buckets()),
            _ => MetricSpec::gauge(name),
        };
        let spec = spec.with_help(help).with_labels(self.labels().iter().copied());
        if name.ends_with("_seconds") {
            spec.with_unit(Unit::Seconds)
        } else if name.ends_with("_bytes") {
            spec.with_unit(Unit::Bytes)
        } else {
            spec
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The names of its labels.
    pub const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Requests | Self::Loads | Self::BatchProcessed => &[MODEL_NAME, STATUS],
            Self::Errors => &[MODEL_NAME, ERROR_TYPE],
            Self::Finish => &[MODEL_NAME, FINISH_REASON],
            Self::ModelInfo => &[MODEL_NAME, VERSION],
            Self::QueueLength | Self::ModelsLoaded => &[],
            Self::LabelOverflow => &["label"],
            Self::GpuMemoryUsed | Self::GpuMemoryTotal | Self::GpuUtilization => &[GPU_ID],
            _ => &[MODEL_NAME],
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

    fn buckets(self) -> Buckets {
        match self {
            Self::BatchSize => Buckets::batch_sizes(),
            Self::InputLength => Buckets::input_tokens(),
            Self::LoadDuration => Buckets::long_generation(),
            Self::QueueDuration | Self::TimeToFirstToken => Buckets::time_to_first_token(),
            Self::InterTokenLatency | Self::TimePerOutputToken => Buckets::inter_token(),
            Self::OutputLength => Buckets::output_tokens(),
            Self::BatchItemDuration => Buckets::batch_items(),
            _ => Buckets::general(),
        }
    }

    const fn row(self) -> (&'static str, MetricKind, &'static str) {
        use MetricKind::{Counter, Gauge, Histogram};
        match self {
            Self::Requests => {
                ("inference_requests_total", Counter, "Number of inference requests that ended.")
            }
            Self::Errors => {
                ("inference_errors_total", Counter, "Number of inference requests that failed.")
            }
            Self::Duration => (
                "inference_duration_seconds",
                Histogram,
                "Time from the arrival of an inference request to its end.",
            ),
            Self::InFlight => (
                "inference_in_flight_requests",
                Gauge,
                "Number of inference requests that have arrived and not ended yet.",
            ),
            Self::Waiting => (
                "inference_waiting_requests",
                Gauge,
                "Number of inference requests that wait for their start.",
            ),
            Self::Running => (
                "inference_running_requests",
                Gauge,
                "Number of inference requests that have started and not ended yet.",
            ),
            Self::QueueDuration => (
                "inference_queue_duration_seconds",
                Histogram,
                "Time an inference request waited for its start.",
            ),
            Self::QueueLength => (
                "inference_queue_length",
                Gauge,
                "Number of requests waiting in the inference queue.",
            ),
            Self::MaxConcurrency => (
                "inference_max_concurrency",
                Gauge,
                "Number of inference requests that a model can run at once.",
            ),
            Self::BatchSize => (
                "inference_batch_size",
                Histogram,
                "Number of inference requests that a model ran together.",
            ),
            Self::InputLength => (
                "inference_input_token_length",
                Histogram,
                "Number of tokens in the input of an inference request.",
            ),
            Self::ModelLoaded => {
                ("model_loaded", Gauge, "Whether the model is loaded: 1 if it is, else 0.")
            }
            Self::ModelsLoaded => ("models_loaded_count", Gauge, "Number of models loaded."),
            Self::LoadDuration => {
                ("model_load_duration_seconds", Histogram, "Time that loading a model took.")
            }
            Self::Loads => ("model_loads_total", Counter, "Number of model loads that ended."),
            Self::Unloads => {
                ("model_unloads_total", Counter, "Number of times a model was unloaded.")
            }
            Self::ModelInfo => {
                ("model_info", Gauge, "Version of a model: 1 if it is in use, 0 if it was.")
            }
            Self::GpuMemoryUsed => ("gpu_memory_used_bytes", Gauge, "GPU memory in use."),
            Self::GpuMemoryTotal => ("gpu_memory_total_bytes", Gauge, "GPU memory that there is."),
            Self::GpuUtilization => (
                "gpu_utilization_ratio",
                Gauge,
                "Part of the time in which the GPU was busy, from 0 to 1.",
            ),
            Self::LabelOverflow => (
                "tower_metrics_label_overflow_total",
                Counter,
                "Number of label values replaced because their label was at its limit.",
            ),
            _ if self.is_of_batch_jobs() => self.batch_row(),
            _ => self.token_row(),
        }
    }

    const fn batch_row(self) -> (&'static str, MetricKind, &'static str) {
        use MetricKind::{Counter, Gauge, Histogram};
        match self {
            Self::BatchProcessed => (
                "batch_inference_processed_total",
                Counter,
                "Number of items that a batch run has processed.",
            ),
            Self::BatchItemDuration => (
                "batch_inference_item_duration_seconds",
                Histogram,
                "Time that an item of a batch run took.",
            ),
            Self::BatchDuration => (
                "batch_inference_duration_seconds",
                Gauge,
                "Time that the last batch run took, whether it succeeded or not.",
            ),
            _ => (
                "batch_inference_last_success_timestamp_seconds",
                Gauge,
                "Unix time of the end of the last batch run that succeeded.",
            ),
        }
    }

    const fn token_row(self) -> (&'static str, MetricKind, &'static str) {
        use MetricKind::{Counter, Histogram};
        match self {
            Self::TimeToFirstToken => (
                "inference_time_to_first_token_seconds",
                Histogram,
                "Time from the arrival of an inference request to its first token.",
            ),
            Self::InterTokenLatency => (
                "inference_inter_token_latency_seconds",
                Histogram,
                "Time between two tokens of an output.",
            ),
            Self::TimePerOutputToken => (
                "inference_time_per_output_token_seconds",
                Histogram,
                "Mean time between the tokens of an output.",
            ),
            Self::InputTokens => {
                ("inference_input_tokens_total", Counter, "Number of input tokens read.")
            }
            Self::OutputTokens => {
                ("inference_output_tokens_total", Counter, "Number of output tokens generated.")
            }
            Self::OutputLength => (
                "inference_output_token_length",
                Histogram,
                "Number of tokens in the output of an inference request.",
            ),
            _ => ("inference_finish_total", Counter, "Number of outputs that ended."),
        }
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
