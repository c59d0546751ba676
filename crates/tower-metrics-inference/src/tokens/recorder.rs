//! Notes tokens from elsewhere.

use std::sync::{Arc, Mutex};

use quanta::Instant;

use super::output::{Output, lock};
use crate::models::Entry;
use crate::request::FinishReason;

/// Notes the tokens of a request from elsewhere: an engine on a thread of its own. Made by
/// [`InferenceRequest::recorder`](crate::InferenceRequest::recorder).
///
/// It does not own the request: dropping it ends nothing, and what it notes after the request has
/// ended is not counted.
#[derive(Clone, Debug)]
pub struct TokenRecorder {
    entry: Arc<Entry>,
    arrived: Instant,
    output: Arc<Mutex<Output>>,
}

impl TokenRecorder {
    pub(crate) fn new(entry: &Arc<Entry>, arrived: Instant, output: Arc<Mutex<Output>>) -> Self {
        Self { entry: Arc::clone(entry), arrived, output }
    }

    /// Notes how many tokens the input has; see
    /// [`InferenceRequest::set_input_tokens`](crate::InferenceRequest::set_input_tokens).
    pub fn set_input_tokens(&self, tokens: usize) {
        lock(&self.output).set_input_tokens(tokens);
    }

    /// Notes that this many tokens were generated just now.
    pub fn record_tokens(&self, tokens: usize) {
        lock(&self.output).record(&self.entry.series, self.arrived, tokens);
    }

    /// Notes that there are no more tokens, as
    /// [`InferenceRequest::complete_output`](crate::InferenceRequest::complete_output) does.
    pub fn complete_output(&self, reason: FinishReason) {
        lock(&self.output).complete(reason);
    }
}
