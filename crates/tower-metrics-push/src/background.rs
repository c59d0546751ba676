//! Work on a thread of its own, and in a runtime of its own.
//!
//! So a push neither needs a runtime of the user's nor depends on one: it goes on when that ends,
//! and blocking for it is allowed on any thread.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;
use tokio::runtime;

use crate::error::PushError;

/// Work under way; dropping this lets it go on unseen.
#[derive(Debug)]
pub(crate) struct Background {
    thread: JoinHandle<()>,
    outcome: oneshot::Receiver<Result<(), PushError>>,
}

impl Background {
    /// Starts a thread that does this work.
    pub(crate) fn start<W>(work: W) -> Result<Self, PushError>
    where
        W: AsyncFnOnce() -> Result<(), PushError> + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let run = move || {
            // Nobody may be left who waits for it.
            let _ = reply.send(block_on(work));
        };
        let thread = thread::Builder::new().name("metrics-push".to_owned()).spawn(run);
        Ok(Self { thread: thread.map_err(PushError::Thread)?, outcome })
    }

    /// Waits for the end of the work, and blocks meanwhile.
    pub(crate) fn wait(mut self) -> Result<(), PushError> {
        // If it panicked, there is no outcome.
        let _ = self.thread.join();
        match self.outcome.try_recv() {
            Ok(Some(outcome)) => outcome,
            Ok(None) | Err(oneshot::Canceled) => Err(PushError::panicked()),
        }
    }
}

impl Future for Background {
    type Output = Result<(), PushError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome)
            .poll(cx)
            .map(|outcome| outcome.unwrap_or_else(|oneshot::Canceled| Err(PushError::panicked())))
    }
}

fn block_on(work: impl AsyncFnOnce() -> Result<(), PushError>) -> Result<(), PushError> {
    let mut runtime = runtime::Builder::new_current_thread();
    let runtime = runtime.enable_io().enable_time().build().map_err(PushError::Thread)?;
    let outcome = runtime.block_on(work());
    // A name that is still being resolved cannot be interrupted, and is not waited for.
    runtime.shutdown_background();
    outcome
}
