//! A push that somebody awaits.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Instant;

use futures_channel::oneshot;
use futures_util::future::{self, Either};
use http::Method;
use tower_metrics_prometheus::Exporter;

use crate::background::Background;
use crate::error::PushError;
use crate::pusher::Pusher;

/// A push, which begins when this is first polled; see [`Pusher`].
///
/// Works on any executor: the work is done on a thread of its own.
///
/// # Cancellation
///
/// Dropping it closes the connection, and nothing is tried again. Whether the gateway has got the
/// metrics by then is not known; it has all of them or none.
#[must_use = "futures do nothing unless polled"]
pub struct PushFuture {
    waiting: Option<Waiting>,
    running: Option<Running>,
}

struct Waiting {
    pusher: Pusher,
    method: Method,
    exporter: Option<Exporter>,
}

struct Running {
    background: Background,
    /// Dropped with the future, which the other side notices.
    _alive: oneshot::Sender<()>,
}

impl PushFuture {
    pub(crate) fn new(pusher: Pusher, method: Method, exporter: Option<Exporter>) -> Self {
        Self { waiting: Some(Waiting { pusher, method, exporter }), running: None }
    }
}

impl Waiting {
    fn start(self) -> Result<Running, PushError> {
        let Self { pusher, method, exporter } = self;
        let (alive, dropped) = oneshot::channel();
        let (since, rendering) = (Instant::now(), exporter.map(|exporter| exporter.rendering()));
        let background = Background::start(async move || {
            let push = pin!(pusher.run(method, rendering, since));
            match future::select(push, dropped).await {
                Either::Left((outcome, _)) => outcome,
                // Nobody is left who could see this.
                Either::Right(_) => Ok(()),
            }
        })?;
        Ok(Running { background, _alive: alive })
    }
}

impl Future for PushFuture {
    type Output = Result<(), PushError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(waiting) = self.waiting.take() {
            match waiting.start() {
                Ok(running) => self.running = Some(running),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        match &mut self.running {
            Some(running) => Pin::new(&mut running.background).poll(cx),
            None => Poll::Ready(Err(PushError::panicked())),
        }
    }
}

impl fmt::Debug for PushFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushFuture").finish_non_exhaustive()
    }
}
