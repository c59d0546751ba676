//! What was generated so far.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quanta::Instant;

use crate::models::{Series, to_f64};
use crate::request::{FinishReason, Status};

/// The tokens of one request, shared once there is a recorder.
#[derive(Debug)]
pub(crate) enum OutputSlot {
    Own(Output),
    Shared(Arc<Mutex<Output>>),
}

/// How many tokens a request has, and how far it has come with generating them.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Whether the request generates tokens at all.
    generates: bool,
    input_tokens: Option<usize>,
    tokens: usize,
    /// When the first and the latest tokens came.
    came: Option<(Instant, Instant)>,
    finished: Option<(FinishReason, Instant)>,
    /// Whether the request has ended; what comes later belongs to nothing.
    ended: bool,
}

impl Default for OutputSlot {
    fn default() -> Self {
        Self::Own(Output::default())
    }
}

impl OutputSlot {
    pub(crate) fn with<T>(&mut self, f: impl FnOnce(&mut Output) -> T) -> T {
        match self {
            Self::Own(output) => f(output),
            Self::Shared(output) => f(&mut lock(output)),
        }
    }

    pub(crate) fn share(&mut self) -> Arc<Mutex<Output>> {
        let shared = match self {
            Self::Own(output) => Arc::new(Mutex::new(mem::take(output))),
            Self::Shared(output) => Arc::clone(output),
        };
        lock(&shared).generates = true;
        *self = Self::Shared(Arc::clone(&shared));
        shared
    }
}

impl Output {
    /// Says that there will be tokens.
    pub(crate) fn expect(&mut self) {
        self.generates = true;
    }

    /// Notes how many tokens the input has.
    pub(crate) fn set_input_tokens(&mut self, tokens: usize) {
        self.input_tokens = Some(tokens);
    }

    /// Notes tokens that came now.
    pub(crate) fn record(&mut self, series: &Series, arrived: Instant, tokens: usize) {
        if self.ended || tokens == 0 {
            return;
        }
        self.generates = true;
        self.tokens = self.tokens.saturating_add(tokens);
        let now = Instant::now();
        let seconds = |since: Instant| now.saturating_duration_since(since).as_secs_f64();
        if let Some(series) = &series.tokens {
            match self.came {
                None => series.time_to_first_token.record(now, seconds(arrived)),
                Some((_, latest)) => {
                    let share = seconds(latest) / to_f64(tokens);
                    series
                        .inter_token_latency
                        .with(now, |latency| latency.record_many(share, tokens));
                }
            }
            series.output_tokens.increment(now, tokens as u64);
        }
        self.came = Some((self.came.map_or(now, |(first, _)| first), now));
    }

    /// Notes that there will be no more tokens.
    pub(crate) fn complete(&mut self, reason: FinishReason) {
        self.generates = true;
        self.finished.get_or_insert_with(|| (reason, Instant::now()));
    }

    /// When the last token came, if it did.
    pub(crate) fn completed_at(&self) -> Option<Instant> {
        self.finished.map(|(_, at)| at)
    }

    /// Records the tokens of a request that has ended at this time.
    pub(crate) fn end(&mut self, series: &Series, status: Status, now: Instant, ended: Instant) {
        self.ended = true;
        let is_refused = status == Status::Rejected;
        // What was refused was not read.
        if let Some(tokens) = self.input_tokens.filter(|_| !is_refused) {
            series.input_length.record(now, to_f64(tokens));
            if let Some(series) = &series.tokens {
                series.input_tokens.increment(now, tokens as u64);
            }
        }
        // Nor was anything generated, though somebody was ready to note it.
        let generated = self.generates && !(is_refused && self.tokens == 0);
        let Some(series) = series.tokens.as_ref().filter(|_| generated) else { return };
        series.output_length.record(now, to_f64(self.tokens));
        if let (Some((first, _)), gaps @ 1..) = (self.came, self.tokens.saturating_sub(1)) {
            let generating = ended.saturating_duration_since(first).as_secs_f64();
            series.time_per_output_token.record(now, generating / to_f64(gaps));
        }
        let reason = match (status, self.finished) {
            (Status::Success, Some((reason, _))) => reason,
            _ => FinishReason::of(status),
        };
        series.finish(reason).increment(now, 1);
    }
}

pub(crate) fn lock(output: &Mutex<Output>) -> MutexGuard<'_, Output> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}
