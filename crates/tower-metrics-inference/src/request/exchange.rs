//! A request that is answered over HTTP.

use std::time::Duration;

use tower_metrics_core::labels::Method;
use tower_metrics_core::request::{AbortReason, on_unwind};

use super::guard::InferenceRequest;
use super::outcome::{RequestOutcome, Status};
use crate::models::Model;
use crate::tokens::TokenRecorder;

/// Owns a request from its arrival to the last byte of its answer over HTTP; for the middleware of
/// frameworks.
///
/// An answer that is a success ends with its body; any other with its head, since then nothing
/// more is inferred.
///
/// # Cancellation
///
/// Dropped before its end, it ends as a dropped [`InferenceRequest`] does.
#[derive(Debug)]
#[must_use = "dropping it ends the request"]
pub struct Exchange {
    request: InferenceRequest,
    method: Method,
    remaining: Option<u64>,
}

impl Exchange {
    /// Counts in a request with this HTTP method.
    pub fn start(model: &Model, method: &str) -> Self {
        Self { request: model.start(), method: Method::from(method), remaining: None }
    }

    /// Sets after how long somebody further out drops the request: a drop is a timeout from the
    /// last hundredth of that time on, since the one further out began earlier.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.request = self.request.with_time_limit(limit.saturating_sub(limit / 100));
        self
    }

    /// Lets others note tokens; see [`InferenceRequest::recorder`].
    pub fn recorder(&mut self) -> TokenRecorder {
        self.request.recorder()
    }

    /// Notes the head of the answer: the request ends with it unless `outcome` is a success, and a
    /// body follows whose length is not 0.
    pub fn answer(&mut self, status: u16, outcome: RequestOutcome<'_>, length: Option<u64>) {
        let has_body = length != Some(0) && self.method.sends_body(status);
        if outcome != RequestOutcome::Success || !has_body {
            self.request.finish(outcome);
        }
        self.remaining = length;
    }

    /// Notes that this many bytes of the body were handed on. The request ends once they are as
    /// many as the answer's length: servers do not poll on to see the end.
    pub fn sent(&mut self, bytes: u64) {
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.saturating_sub(bytes);
            if *remaining == 0 {
                self.complete();
            }
        }
    }

    /// Notes the end of the body.
    pub fn complete(&mut self) {
        self.request.finish(RequestOutcome::Success);
    }

    /// Notes that there is no answer, or that its body broke off.
    pub fn abort(&mut self, reason: AbortReason) {
        self.request.finish(match reason {
            AbortReason::Cancelled | AbortReason::BodyDropped => RequestOutcome::Cancelled,
            AbortReason::Panic => RequestOutcome::Error(Status::PANIC),
            _ => RequestOutcome::Error(reason.as_str()),
        });
    }

    /// Runs `f`, a step of the service or the body; if it panics, the request in `exchange` ends,
    /// while the panic goes on.
    #[inline]
    pub fn watch_panic<T>(exchange: &mut Option<Self>, f: impl FnOnce() -> T) -> T {
        on_unwind(f, || {
            if let Some(exchange) = exchange {
                exchange.abort(AbortReason::Panic);
            }
        })
    }
}
