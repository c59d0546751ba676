//! A service, and the future of its answer.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::ScriptedError;
use super::panic::scripted_panic;

/// What a [`ScriptedFuture`] does when it is polled.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum FutureStep<B> {
    /// Has nothing yet, and wakes the task at once.
    Pending,
    /// Gives this response.
    Answer(Response<B>),
    /// Fails.
    Error,
    /// Panics.
    Panic,
}

/// A service whose first call is answered as scripted. See the [module docs](super).
#[derive(Debug, Clone)]
#[must_use = "a service does nothing until it is called"]
pub struct ScriptedService<B> {
    readiness: VecDeque<Poll<Result<(), ScriptedError>>>,
    panics_in_call: bool,
    steps: VecDeque<FutureStep<B>>,
}

/// A future that does one [`FutureStep`] each time it is polled. See the [module docs](super).
#[derive(Debug, Clone)]
#[must_use = "a future does nothing until it is polled"]
pub struct ScriptedFuture<B> {
    steps: VecDeque<FutureStep<B>>,
}

impl<B> ScriptedService<B> {
    /// Writes the script of the future that the first call starts.
    pub fn new(steps: impl IntoIterator<Item = FutureStep<B>>) -> Self {
        Self {
            readiness: VecDeque::new(),
            panics_in_call: false,
            steps: steps.into_iter().collect(),
        }
    }

    /// Sets what `poll_ready` returns at first; pending wakes the task at once. Defaults to ready.
    pub fn with_readiness(
        mut self,
        readiness: impl IntoIterator<Item = Poll<Result<(), ScriptedError>>>,
    ) -> Self {
        self.readiness = readiness.into_iter().collect();
        self
    }

    /// Makes `call` panic before there is a future. Defaults to starting one.
    pub fn with_panic_in_call(mut self) -> Self {
        self.panics_in_call = true;
        self
    }
}

impl<B, T> Service<Request<T>> for ScriptedService<B> {
    type Response = Response<B>;
    type Error = ScriptedError;
    type Future = ScriptedFuture<B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ScriptedError>> {
        let ready = self.readiness.pop_front().unwrap_or(Poll::Ready(Ok(())));
        if ready.is_pending() {
            cx.waker().wake_by_ref();
        }
        ready
    }

    fn call(&mut self, _request: Request<T>) -> ScriptedFuture<B> {
        if self.panics_in_call {
            scripted_panic();
        }
        ScriptedFuture { steps: std::mem::take(&mut self.steps) }
    }
}

// Nothing in it is pinned by being polled.
impl<B> Unpin for ScriptedFuture<B> {}

impl<B> Future for ScriptedFuture<B> {
    type Output = Result<Response<B>, ScriptedError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.steps.pop_front() {
            Some(FutureStep::Pending) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(FutureStep::Answer(response)) => Poll::Ready(Ok(response)),
            Some(FutureStep::Error) => Poll::Ready(Err(ScriptedError)),
            Some(FutureStep::Panic) => scripted_panic(),
            None => Poll::Pending,
        }
    }
}
