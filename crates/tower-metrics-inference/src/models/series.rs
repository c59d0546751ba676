//! The series of one model.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Counter, Gauge, Histogram};

use quanta::Instant;

use super::handle::{Handle, Registered};
use super::source::Source;
use crate::names::InferenceMetric as Metric;
use crate::request::{FinishReason, Status};

/// Everything that is recorded for the requests of one model.
#[derive(Debug)]
pub(crate) struct Series {
    source: Arc<Source>,
    model: Arc<str>,
    requests: [Handle<Counter>; Status::ALL.len()],
    errors: RwLock<HashMap<Arc<str>, Handle<Counter>>>,
    pub(crate) duration: Handle<Histogram>,
    pub(crate) in_flight: Handle<Gauge>,
    pub(crate) waiting: Handle<Gauge>,
    pub(crate) running: Handle<Gauge>,
    pub(crate) queue_duration: Handle<Histogram>,
    pub(crate) batch_size: Handle<Histogram>,
    pub(crate) input_length: Handle<Histogram>,
    pub(crate) tokens: Option<TokenSeries>,
}

/// What is recorded for generations.
#[derive(Debug)]
pub(crate) struct TokenSeries {
    pub(crate) time_to_first_token: Handle<Histogram>,
    pub(crate) inter_token_latency: Handle<Histogram>,
    pub(crate) time_per_output_token: Handle<Histogram>,
    pub(crate) input_tokens: Handle<Counter>,
    pub(crate) output_tokens: Handle<Counter>,
    pub(crate) output_length: Handle<Histogram>,
    finish: [Handle<Counter>; FinishReason::ALL.len()],
}

impl Series {
    pub(crate) fn new(source: &Arc<Source>, model: &Arc<str>) -> Self {
        fn of<H: Registered>(source: &Arc<Source>, model: &Arc<str>, metric: Metric) -> Handle<H> {
            Handle::new(source, model, metric, None)
        }
        let error = |error_type: &str| {
            let handle = Handle::new(source, model, Metric::Errors, Some(error_type));
            (error_type.into(), handle)
        };
        Self {
            source: Arc::clone(source),
            model: Arc::clone(model),
            requests: Status::EACH
                .map(|status| Handle::new(source, model, Metric::Requests, Some(status.as_str()))),
            // These are always there, so they use up no place.
            errors: RwLock::new([Status::UNNAMED_ERROR, Status::PANIC].map(error).into()),
            duration: of(source, model, Metric::Duration),
            in_flight: of(source, model, Metric::InFlight),
            waiting: of(source, model, Metric::Waiting),
            running: of(source, model, Metric::Running),
            queue_duration: of(source, model, Metric::QueueDuration),
            batch_size: of(source, model, Metric::BatchSize),
            input_length: of(source, model, Metric::InputLength),
            tokens: source.with_tokens.then(|| TokenSeries::new(source, model)),
        }
    }

    /// Makes all of them visible.
    pub(crate) fn show(&self) {
        self.requests.iter().for_each(Handle::show);
        let errors = self.errors.read().unwrap_or_else(PoisonError::into_inner);
        errors.values().for_each(Handle::show);
        drop(errors);
        let Self { in_flight, waiting, running, .. } = self;
        [in_flight, waiting, running].into_iter().for_each(Handle::show);
        let Self { duration, queue_duration, batch_size, input_length, .. } = self;
        [duration, queue_duration, batch_size, input_length].into_iter().for_each(Handle::show);
        if let Some(tokens) = &self.tokens {
            tokens.show();
        }
    }

    pub(crate) fn requests(&self, status: Status) -> &Handle<Counter> {
        let [success, error, timeout, cancelled, rejected] = &self.requests;
        match status {
            Status::Success => success,
            Status::Error => error,
            Status::Timeout => timeout,
            Status::Cancelled => cancelled,
            Status::Rejected => rejected,
        }
    }

    /// Counts a failure of this type.
    pub(crate) fn count_error(&self, now: Instant, error_type: &str) {
        // Prometheus takes a label without a value for no label.
        let error_type = if error_type.is_empty() { Status::UNNAMED_ERROR } else { error_type };
        let known = self.errors.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(error_type) {
            return counter.increment(now, 1);
        }
        drop(known);
        let error_type = self.source.admit_error_type(error_type);
        let mut known = self.errors.write().unwrap_or_else(PoisonError::into_inner);
        let make = |error_type: &Arc<str>| {
            Handle::new(&self.source, &self.model, Metric::Errors, Some(error_type))
        };
        known.entry(error_type).or_insert_with_key(make).increment(now, 1);
    }
}

impl TokenSeries {
    fn new(source: &Arc<Source>, model: &Arc<str>) -> Self {
        let histogram = |metric| Handle::new(source, model, metric, None);
        let counter = |metric| Handle::new(source, model, metric, None);
        Self {
            time_to_first_token: histogram(Metric::TimeToFirstToken),
            inter_token_latency: histogram(Metric::InterTokenLatency),
            time_per_output_token: histogram(Metric::TimePerOutputToken),
            input_tokens: counter(Metric::InputTokens),
            output_tokens: counter(Metric::OutputTokens),
            output_length: histogram(Metric::OutputLength),
            finish: FinishReason::EACH
                .map(|reason| Handle::new(source, model, Metric::Finish, Some(reason.as_str()))),
        }
    }

    fn show(&self) {
        let Self { time_to_first_token, inter_token_latency, time_per_output_token, .. } = self;
        let times = [time_to_first_token, inter_token_latency, time_per_output_token];
        times.into_iter().chain([&self.output_length]).for_each(Handle::show);
        [&self.input_tokens, &self.output_tokens].into_iter().for_each(Handle::show);
        self.finish.iter().for_each(Handle::show);
    }

    pub(crate) fn finish(&self, reason: FinishReason) -> &Handle<Counter> {
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
