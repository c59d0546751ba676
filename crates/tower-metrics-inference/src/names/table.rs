//! What is said of each metric; a metric without its rows does not compile.

use tower_metrics_core::{Buckets, MetricKind};

use super::{ERROR_TYPE, FINISH_REASON, GPU_ID, InferenceMetric, MODEL_NAME, STATUS, VERSION};

impl InferenceMetric {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "inference_requests_total",
            Self::Errors => "inference_errors_total",
            Self::Duration => "inference_duration_seconds",
            Self::InFlight => "inference_in_flight_requests",
            Self::Waiting => "inference_waiting_requests",
            Self::Running => "inference_running_requests",
            Self::QueueDuration => "inference_queue_duration_seconds",
            Self::QueueLength => "inference_queue_length",
            Self::MaxConcurrency => "inference_max_concurrency",
            Self::BatchSize => "inference_batch_size",
            Self::InputLength => "inference_input_token_length",
            Self::ModelLoaded => "model_loaded",
            Self::ModelsLoaded => "models_loaded_count",
            Self::LoadDuration => "model_load_duration_seconds",
            Self::Loads => "model_loads_total",
            Self::Unloads => "model_unloads_total",
            Self::ModelInfo => "model_info",
            Self::GpuMemoryUsed => "gpu_memory_used_bytes",
            Self::GpuMemoryTotal => "gpu_memory_total_bytes",
            Self::GpuUtilization => "gpu_utilization_ratio",
            Self::TimeToFirstToken => "inference_time_to_first_token_seconds",
            Self::InterTokenLatency => "inference_inter_token_latency_seconds",
            Self::TimePerOutputToken => "inference_time_per_output_token_seconds",
            Self::InputTokens => "inference_input_tokens_total",
            Self::OutputTokens => "inference_output_tokens_total",
            Self::OutputLength => "inference_output_token_length",
            Self::Finish => "inference_finish_total",
            Self::BatchProcessed => "batch_inference_processed_total",
            Self::BatchItemDuration => "batch_inference_item_duration_seconds",
            Self::BatchDuration => "batch_inference_duration_seconds",
            Self::BatchLastSuccess => "batch_inference_last_success_timestamp_seconds",
            Self::LabelOverflow => "tower_metrics_label_overflow_total",
        }
    }

    /// The names of its labels.
    pub const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Requests | Self::Loads | Self::BatchProcessed => &[MODEL_NAME, STATUS],
            Self::Errors => &[MODEL_NAME, ERROR_TYPE],
            Self::Finish => &[MODEL_NAME, FINISH_REASON],
            Self::ModelInfo => &[MODEL_NAME, VERSION],
            Self::Duration
            | Self::InFlight
            | Self::Waiting
            | Self::Running
            | Self::QueueDuration
            | Self::MaxConcurrency
            | Self::BatchSize
            | Self::InputLength
            | Self::ModelLoaded
            | Self::LoadDuration
            | Self::Unloads
            | Self::TimeToFirstToken
            | Self::InterTokenLatency
            | Self::TimePerOutputToken
            | Self::InputTokens
            | Self::OutputTokens
            | Self::OutputLength
            | Self::BatchItemDuration
            | Self::BatchDuration
            | Self::BatchLastSuccess => &[MODEL_NAME],
            Self::GpuMemoryUsed | Self::GpuMemoryTotal | Self::GpuUtilization => &[GPU_ID],
            Self::QueueLength | Self::ModelsLoaded => &[],
            Self::LabelOverflow => &["label"],
        }
    }

    /// What it is, with the buckets of a histogram.
    pub(super) fn kind(self) -> (MetricKind, Option<Buckets>) {
        let histogram = |buckets| (MetricKind::Histogram, Some(buckets));
        match self {
            Self::Requests
            | Self::Errors
            | Self::Loads
            | Self::Unloads
            | Self::InputTokens
            | Self::OutputTokens
            | Self::Finish
            | Self::BatchProcessed
            | Self::LabelOverflow => (MetricKind::Counter, None),
            Self::InFlight
            | Self::Waiting
            | Self::Running
            | Self::QueueLength
            | Self::MaxConcurrency
            | Self::ModelLoaded
            | Self::ModelsLoaded
            | Self::ModelInfo
            | Self::GpuMemoryUsed
            | Self::GpuMemoryTotal
            | Self::GpuUtilization
            | Self::BatchDuration
            | Self::BatchLastSuccess => (MetricKind::Gauge, None),
            Self::Duration => histogram(Buckets::general()),
            Self::QueueDuration | Self::TimeToFirstToken => {
                histogram(Buckets::time_to_first_token())
            }
            Self::BatchSize => histogram(Buckets::batch_sizes()),
            Self::InputLength => histogram(Buckets::input_tokens()),
            Self::LoadDuration => histogram(Buckets::long_generation()),
            Self::InterTokenLatency | Self::TimePerOutputToken => histogram(Buckets::inter_token()),
            Self::OutputLength => histogram(Buckets::output_tokens()),
            Self::BatchItemDuration => histogram(Buckets::batch_items()),
        }
    }

    pub(super) const fn help(self) -> &'static str {
        match self {
            Self::Requests => "Number of inference requests that ended.",
            Self::Errors => "Number of inference requests that failed.",
            Self::Duration => "Time from the arrival of an inference request to its end.",
            Self::InFlight => "Number of inference requests that have arrived and not ended yet.",
            Self::Waiting => "Number of inference requests that wait for their start.",
            Self::Running => "Number of inference requests that have started and not ended yet.",
            Self::QueueDuration => "Time an inference request waited for its start.",
            Self::QueueLength => "Number of requests waiting in the inference queue.",
            Self::MaxConcurrency => "Number of inference requests that a model can run at once.",
            Self::BatchSize => "Number of inference requests that a model ran together.",
            Self::InputLength => "Number of tokens in the input of an inference request.",
            Self::ModelLoaded => "Whether the model is loaded: 1 if it is, else 0.",
            Self::ModelsLoaded => "Number of models loaded.",
            Self::LoadDuration => "Time that loading a model took.",
            Self::Loads => "Number of model loads that ended.",
            Self::Unloads => "Number of times a model was unloaded.",
            Self::ModelInfo => "Version of a model: 1 if it is in use, 0 if it was.",
            Self::GpuMemoryUsed => "GPU memory in use.",
            Self::GpuMemoryTotal => "GPU memory that there is.",
            Self::GpuUtilization => "Part of the time in which the GPU was busy, from 0 to 1.",
            Self::TimeToFirstToken => {
                "Time from the arrival of an inference request to its first token."
            }
            Self::InterTokenLatency => "Time between two tokens of an output.",
            Self::TimePerOutputToken => "Mean time between the tokens of an output.",
            Self::InputTokens => "Number of input tokens read.",
            Self::OutputTokens => "Number of output tokens generated.",
            Self::OutputLength => "Number of tokens in the output of an inference request.",
            Self::Finish => "Number of outputs that ended.",
            Self::BatchProcessed => "Number of items that a batch run has processed.",
            Self::BatchItemDuration => "Time that an item of a batch run took.",
            Self::BatchDuration => {
                "Time that the last batch run took, whether it succeeded or not."
            }
            Self::BatchLastSuccess => "Unix time of the end of the last batch run that succeeded.",
            Self::LabelOverflow => {
                "Number of label values replaced because their label was at its limit."
            }
        }
    }
}
