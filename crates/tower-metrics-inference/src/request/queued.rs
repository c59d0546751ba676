//! A request that waits for its start.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::guard::InferenceRequest;
use super::outcome::RequestOutcome;
use crate::models::Entry;

/// A request that has arrived and waits; made by [`Model::enqueue`](crate::Model::enqueue).
///
/// # Cancellation
///
/// Dropped before its start, it ends as an [`InferenceRequest`] does.
#[derive(Debug)]
#[must_use = "dropping it ends the request"]
pub struct Queued {
    request: InferenceRequest,
}

impl Queued {
    pub(crate) fn new(entry: Arc<Entry>) -> Self {
        Self { request: InferenceRequest::waiting(entry) }
    }

    /// Notes that the request runs from now on, and records how long it waited.
    pub fn start(mut self) -> InferenceRequest {
        self.request.run();
        self.request
    }

    /// Sets how long after its arrival the request has timed out; see
    /// [`InferenceRequest::with_time_limit`].
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.request = self.request.with_time_limit(limit);
        self
    }

    /// Sets when the request has timed out; see [`InferenceRequest::with_deadline`].
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.request = self.request.with_deadline(deadline);
        self
    }

    /// Ends the request before its start.
    pub fn end(self, outcome: RequestOutcome<'_>) {
        self.request.end(outcome);
    }

    /// Ends the request: the queue is full, or it is too late to begin.
    pub fn reject(self) {
        self.end(RequestOutcome::Rejected);
    }

    /// Ends the request: it waited too long.
    pub fn timeout(self) {
        self.end(RequestOutcome::Timeout);
    }
}
