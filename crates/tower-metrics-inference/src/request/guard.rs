//! The guard that owns a request from its arrival to its end.

use std::mem;
use std::sync::Arc;
use std::time::{self, Duration};

use metrics::Gauge;
use quanta::Instant;

use super::future::RequestFuture;
use super::outcome::{FinishReason, OutcomeFn, RequestOutcome, Status};
use crate::models::{Entry, Series};
use crate::tokens::{Chunk, ChunkFn, Output, OutputSlot, TokenRecorder, TokenStream};
use crate::unwinding::Unwinding;

/// What part of a time two clocks may differ by: the one here counts cycles, and the system's is
/// corrected meanwhile, by up to half a thousandth.
const CLOCK_TOLERANCE: u32 = 1_000;

/// Owns a request from its arrival to its end, and records it once when it ends.
///
/// Made by [`Model::start`](crate::Model::start), or by [`Queued::start`](super::Queued::start).
///
/// # Cancellation
///
/// A request that is dropped before it was told how it ended ends with that; the
/// [module docs](crate::request) say as what.
#[derive(Debug)]
#[must_use = "dropping it ends the request"]
pub struct InferenceRequest {
    entry: Arc<Entry>,
    arrived: Instant,
    /// The gauges that the request was counted in with, to count it out with the same.
    in_flight: Gauge,
    phase: Phase,
    deadline: Option<Instant>,
    output: OutputSlot,
    unwinding: Unwinding,
}

#[derive(Debug)]
enum Phase {
    Waiting(Gauge),
    Running(Gauge),
    Ended,
}

impl InferenceRequest {
    pub(crate) fn running(entry: Arc<Entry>) -> Self {
        Self::new(entry, |series, now| Phase::Running(series.running.enter(now)))
    }

    pub(crate) fn waiting(entry: Arc<Entry>) -> Self {
        Self::new(entry, |series, now| Phase::Waiting(series.waiting.enter(now)))
    }

    fn new(entry: Arc<Entry>, phase: impl FnOnce(&Series, Instant) -> Phase) -> Self {
        let arrived = Instant::now();
        let in_flight = entry.arrive(arrived);
        let phase = phase(&entry.series, arrived);
        Self {
            entry,
            arrived,
            in_flight,
            phase,
            deadline: None,
            output: OutputSlot::default(),
            unwinding: Unwinding::watch(),
        }
    }

    pub(super) fn run(&mut self) {
        let (series, now) = (&self.entry.series, Instant::now());
        let running = Phase::Running(series.running.enter(now));
        if let Phase::Waiting(waiting) = mem::replace(&mut self.phase, running) {
            waiting.decrement(1.0);
        }
        let waited = now.saturating_duration_since(self.arrived);
        series.queue_duration.record(now, waited.as_secs_f64());
    }

    /// Sets how long after its arrival the request has timed out: a drop from then on is a
    /// timeout, and no cancellation. Defaults to never.
    ///
    /// Nothing happens at that time; whoever limits the request drops it, by a clock of its own. So
    /// the last thousandth of the limit counts as over already.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.deadline = over_at(self.arrived, limit);
        self
    }

    /// Sets when the request has timed out, as [`with_time_limit`](Self::with_time_limit) does.
    ///
    /// For a time that began before the request: `tokio::time::timeout_at` and this with the same
    /// instant agree.
    pub fn with_deadline(mut self, deadline: time::Instant) -> Self {
        let remaining = deadline.saturating_duration_since(time::Instant::now());
        self.deadline = over_at(Instant::now(), remaining);
        self
    }

    /// Notes how many tokens the input has: for `inference_input_token_length`, and
    /// `inference_input_tokens_total` if the metrics of tokens are on. Recorded when the request
    /// ends, unless it is rejected.
    pub fn set_input_tokens(&mut self, tokens: usize) {
        self.output.with(|output| output.set_input_tokens(tokens));
    }

    /// Notes that this many tokens were generated just now.
    pub fn record_tokens(&mut self, tokens: usize) {
        let Self { entry, arrived, output, .. } = self;
        output.with(|output| output.record(&entry.series, *arrived, tokens));
    }

    /// Notes that there are no more tokens: dropped from now on, the request is a success that took
    /// until now, unless its [deadline](Self::with_deadline) is over when it is dropped.
    pub fn complete_output(&mut self, reason: FinishReason) {
        self.output.with(|output| output.complete(reason));
    }

    pub(crate) fn expect_tokens(&mut self) {
        self.output.with(Output::expect);
    }

    /// Lets others note tokens: an engine on a thread of its own.
    pub fn recorder(&mut self) -> TokenRecorder {
        TokenRecorder::new(&self.entry, self.arrived, self.output.share())
    }

    /// Hands the request to a future, which ends it; see [`Model::observe`](crate::Model::observe).
    ///
    /// For requests that have waited, or have a deadline:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_metrics_inference::Inference;
    /// # async fn infer(input: &str) -> Result<usize, std::fmt::Error> { Ok(input.len()) }
    /// # tokio_test::block_on(async {
    /// # let model = Inference::builder().build()?.register("resnet50")?;
    /// let limit = Duration::from_secs(5);
    /// let request = model.start().with_time_limit(limit);
    /// let answer = tokio::time::timeout(limit, request.observe(infer("a photo"))).await??;
    /// assert_eq!(answer, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn observe<F, T, E>(self, future: F) -> RequestFuture<F, OutcomeFn<Result<T, E>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.observe_as(future, |result| match result {
            Ok(_) => RequestOutcome::Success,
            Err(_) => RequestOutcome::Error(Status::UNNAMED_ERROR),
        })
    }

    /// Hands the request to a future, whose output `outcome` explains.
    pub fn observe_as<F, C>(self, future: F, outcome: C) -> RequestFuture<F, C>
    where
        F: Future,
        C: FnOnce(&F::Output) -> RequestOutcome<'_>,
    {
        RequestFuture::new(self, future, outcome)
    }

    /// Hands the request to a stream of tokens, which notes each item as one token and ends the
    /// request.
    pub fn stream<S>(self, tokens: S) -> TokenStream<S, ChunkFn<S::Item>>
    where
        S: futures_core::Stream,
    {
        self.stream_as(tokens, |_| Chunk::Tokens(1))
    }

    /// Hands the request to a stream of tokens, as [`stream`](Self::stream) does; the first `Err`
    /// ends the request as an error.
    pub fn try_stream<S, T, E>(self, tokens: S) -> TokenStream<S, ChunkFn<Result<T, E>>>
    where
        S: futures_core::Stream<Item = Result<T, E>>,
    {
        self.stream_as(tokens, |item| match item {
            Ok(_) => Chunk::Tokens(1),
            Err(_) => Chunk::Failed(Status::UNNAMED_ERROR),
        })
    }

    /// Hands the request to a stream whose items `chunk` explains.
    pub fn stream_as<S, C>(self, tokens: S, chunk: C) -> TokenStream<S, C>
    where
        S: futures_core::Stream,
        C: FnMut(&S::Item) -> Chunk<'_>,
    {
        TokenStream::new(self, tokens, chunk)
    }

    /// Ends the request: it was answered.
    pub fn success(self) {
        self.end(RequestOutcome::Success);
    }

    /// Ends the request: it failed, in a way of this name. See [`RequestOutcome::Error`].
    pub fn error(self, error_type: &str) {
        self.end(RequestOutcome::Error(error_type));
    }

    /// Ends the request: it took too long.
    pub fn timeout(self) {
        self.end(RequestOutcome::Timeout);
    }

    /// Ends the request: it was refused, and has no duration.
    pub fn reject(self) {
        self.end(RequestOutcome::Rejected);
    }

    /// Ends the request.
    pub fn end(mut self, outcome: RequestOutcome<'_>) {
        self.finish(outcome);
    }

    /// Ends the request, unless it has ended.
    pub(crate) fn finish(&mut self, outcome: RequestOutcome<'_>) {
        let now = Instant::now();
        self.finish_at(now, now, outcome);
    }

    /// Ends the request at a time that may be over already.
    fn finish_at(&mut self, now: Instant, ended: Instant, outcome: RequestOutcome<'_>) {
        match mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Waiting(gauge) | Phase::Running(gauge) => gauge.decrement(1.0),
            Phase::Ended => return,
        }
        self.in_flight.decrement(1.0);

        let (series, status) = (&self.entry.series, outcome.status());
        series.requests(status).increment(now, 1);
        if let RequestOutcome::Error(error_type) = outcome {
            series.count_error(now, error_type);
        }
        if status.has_duration() {
            let duration = ended.saturating_duration_since(self.arrived);
            series.duration.record(now, duration.as_secs_f64());
        }
        self.output.with(|output| output.end(series, status, now, ended));
    }
}

impl Drop for InferenceRequest {
    fn drop(&mut self) {
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        let now = Instant::now();
        if self.unwinding.has_begun() {
            self.finish_at(now, now, RequestOutcome::Error(Status::PANIC));
        } else if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.finish_at(now, now, RequestOutcome::Timeout);
        } else if let Some(at) = self.output.with(|output| output.completed_at()) {
            self.finish_at(now, at, RequestOutcome::Success);
        } else {
            self.finish_at(now, now, RequestOutcome::Cancelled);
        }
    }
}

fn over_at(since: Instant, limit: Duration) -> Option<Instant> {
    since.checked_add(limit.saturating_sub(limit / CLOCK_TOLERANCE))
}
