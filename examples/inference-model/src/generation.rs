//! Generated tokens, as server-sent events.

use std::{convert::Infallible, pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use serde::Serialize;
use tokio::time;
use tower_metrics::inference::{Chunk, FinishReason, InferenceRequest, RequestOutcome};

use crate::{
    error::ApiError,
    models::{Failure, Ready, Tokens},
    queue::Slot,
    request::GenerateRequest,
    time_limit::TimeLimit,
};

/// The `content-type` of [`Events`].
pub const EVENT_STREAM: &str = "text/event-stream";

/// The body of the answer to `POST /generate/{model_name}`: one event for each token, and one that
/// says how it ended. Dropping it ends the generation.
pub type Events = Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>> + Send>>;

/// A generation under way.
pub(crate) struct Generation {
    model: Ready,
    tokens: Tokens,
    /// How many tokens there may be.
    max_tokens: usize,
    token_delay: Duration,
    fail: bool,
    limit: TimeLimit,
    _slot: Slot,
    generated: usize,
    has_ended: bool,
}

/// What the client is told.
#[derive(Debug)]
enum Event {
    Token(&'static str),
    Done { reason: FinishReason, tokens: usize },
    Failed(ApiError),
}

impl Generation {
    pub(crate) fn new(
        model: Ready,
        tokens: Tokens,
        request: &GenerateRequest,
        limit: TimeLimit,
        slot: Slot,
    ) -> Self {
        Self {
            model,
            tokens,
            max_tokens: request.max_tokens,
            token_delay: request.token_delay(),
            fail: request.fail,
            limit,
            _slot: slot,
            generated: 0,
            has_ended: false,
        }
    }

    /// Hands the request to the events, which end it.
    pub(crate) fn events(self, request: InferenceRequest) -> Events {
        let events = stream::unfold(self, async |mut generation| {
            generation.next().await.map(|event| (event, generation))
        });
        let events = request.stream_as(events, Event::chunk);
        Box::pin(events.map(|event| Ok(event.to_bytes())))
    }

    async fn next(&mut self) -> Option<Event> {
        if self.has_ended {
            return None;
        }
        let limit = self.limit;
        let event = limit.apply(self.step()).await.unwrap_or_else(Event::Failed);
        self.has_ended = !matches!(event, Event::Token(_));
        Some(event)
    }

    async fn step(&mut self) -> Result<Event, ApiError> {
        let done = |reason| Event::Done { reason, tokens: self.generated };
        if self.generated == self.max_tokens {
            return Ok(done(FinishReason::Length));
        }
        let Some(token) = self.tokens.next() else {
            return Ok(done(FinishReason::Stop));
        };
        time::sleep(self.token_delay).await;
        if self.fail && self.generated > 0 {
            return Err(self.model.failed(Failure::Simulated));
        }
        self.generated += 1;
        Ok(Event::Token(token))
    }
}

impl Event {
    /// Returns what the event is to the metrics.
    fn chunk(&self) -> Chunk<'_> {
        match self {
            Self::Token(_) => Chunk::Tokens(1),
            Self::Done { reason, .. } => Chunk::Last { tokens: 0, reason: *reason },
            Self::Failed(error) => match error.outcome() {
                RequestOutcome::Timeout => Chunk::TimedOut,
                RequestOutcome::Error(error_type) => Chunk::Failed(error_type),
                _ => Chunk::Failed("rejected"),
            },
        }
    }

    fn to_bytes(&self) -> Bytes {
        match self {
            Self::Token(token) => event("", &Token { token }),
            Self::Done { reason, tokens } => {
                event("event: done\n", &Done { finish_reason: reason.as_str(), tokens: *tokens })
            }
            Self::Failed(error) => event("event: error\n", error),
        }
    }
}

#[derive(Serialize)]
struct Token<'a> {
    token: &'a str,
}

#[derive(Serialize)]
struct Done {
    finish_reason: &'static str,
    tokens: usize,
}

fn event(name: &str, data: &impl Serialize) -> Bytes {
    // Serializing these to a string cannot fail.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("{name}data: {data}\n\n").into()
}
