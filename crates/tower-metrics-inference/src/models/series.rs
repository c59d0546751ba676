//! The handles of one model, resolved together.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Counter, Gauge, Histogram};

use super::source::Source;
use crate::names::InferenceMetric as Metric;
use crate::request::{FinishReason, Status};

/// Everything that is recorded for the requests of one model.
#[derive(Debug)]
pub(crate) struct Series {
    requests: [Counter; Status::ALL.len()],
    errors: RwLock<HashMap<Arc<str>, Counter>>,
    pub(crate) duration: Histogram,
    pub(crate) in_flight: Gauge,
    pub(crate) waiting: Gauge,
    pub(crate) running: Gauge,
    pub(crate) queue_duration: Histogram,
    pub(crate) batch_size: Histogram,
    pub(crate) input_length: Histogram,
    pub(crate) tokens: Option<TokenSeries>,
}

/// What is recorded for generations.
#[derive(Debug)]
pub(crate) struct TokenSeries {
    pub(crate) time_to_first_token: Histogram,
    pub(crate) inter_token_latency: Histogram,
    pub(crate) time_per_output_token: Histogram,
    pub(crate) input_tokens: Counter,
    pub(crate) output_tokens: Counter,
    pub(crate) output_length: Histogram,
    finish: [Counter; FinishReason::ALL.len()],
}

impl Series {
    pub(crate) fn resolve(source: &Source, model: &str) -> Self {
        let histogram = |metric| source.histogram(metric, &[model]);
        let gauge = |metric| source.gauge(metric, &[model]);
        let series = Self {
            requests: Status::ALL
                .map(|status| source.counter(Metric::Requests, &[model, status.as_str()])),
            errors: RwLock::default(),
            duration: histogram(Metric::Duration),
            in_flight: gauge(Metric::InFlight),
            waiting: gauge(Metric::Waiting),
            running: gauge(Metric::Running),
            queue_duration: histogram(Metric::QueueDuration),
            batch_size: histogram(Metric::BatchSize),
            input_length: histogram(Metric::InputLength),
            tokens: source.with_tokens.then(|| TokenSeries::resolve(source, model)),
        };
        for error_type in [Status::ERROR_TYPE, Status::PANIC] {
            series.count_error(source, model, error_type, 0);
        }
        series
    }

    pub(crate) fn requests(&self, status: Status) -> &Counter {
        let [success, error, timeout, cancelled, rejected] = &self.requests;
        match status {
            Status::Success => success,
            Status::Error => error,
            Status::Timeout => timeout,
            Status::Cancelled => cancelled,
            Status::Rejected => rejected,
        }
    }

    /// Counts failures of this type.
    pub(crate) fn count_error(&self, source: &Source, model: &str, error_type: &str, count: u64) {
        let known = self.errors.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(error_type) {
            return counter.increment(count);
        }
        drop(known);
        let error_type = match error_type {
            // Prometheus takes a label without a value for no label.
            "" => Status::ERROR_TYPE.into(),
            // These are always there, so they use up no place.
            Status::ERROR_TYPE | Status::PANIC => error_type.into(),
            _ => source.admit_error_type(error_type),
        };
        let mut known = self.errors.write().unwrap_or_else(PoisonError::into_inner);
        let make = |error_type: &Arc<str>| source.counter(Metric::Errors, &[model, error_type]);
        known.entry(error_type).or_insert_with_key(make).increment(count);
    }
}

impl TokenSeries {
    fn resolve(source: &Source, model: &str) -> Self {
        let histogram = |metric| source.histogram(metric, &[model]);
        Self {
            time_to_first_token: histogram(Metric::TimeToFirstToken),
            inter_token_latency: histogram(Metric::InterTokenLatency),
            time_per_output_token: histogram(Metric::TimePerOutputToken),
            input_tokens: source.counter(Metric::InputTokens, &[model]),
            output_tokens: source.counter(Metric::OutputTokens, &[model]),
            output_length: histogram(Metric::OutputLength),
            finish: FinishReason::ALL
                .map(|reason| source.counter(Metric::Finish, &[model, reason.as_str()])),
        }
    }

    pub(crate) fn finish(&self, reason: FinishReason) -> &Counter {
        let [stop, length, tool_calls, content_filter, cancelled, timeout, error] = &self.finish;
        match reason {
            FinishReason::Stop => stop,
            FinishReason::Length => length,
            FinishReason::ToolCalls => tool_calls,
            FinishReason::ContentFilter => content_filter,
            FinishReason::Cancelled => cancelled,
            FinishReason::Timeout => timeout,
            FinishReason::Error => error,
        }
    }
}
