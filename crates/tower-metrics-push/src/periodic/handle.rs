//! The handle to periodic pushes.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use tower_metrics_prometheus::Exporter;

use super::report::Report;
use super::run::Run;
use crate::background::Background;
use crate::error::PushError;
use crate::pusher::Pusher;

/// Pushes at an interval, from a thread of its own; see [`Pusher::push_every`].
///
/// While the gateway is down, nothing is queued: each attempt renders anew, so the first one that
/// arrives carries everything. After a failure that may pass the next attempt is made
/// [earlier](crate::PushGateway::with_backoff) than at the interval. The first failure of a row is
/// logged.
///
/// Dropping this pushes a last time, and blocks until that has ended, which takes no longer than
/// the [total timeout](crate::PushGateway::with_total_timeout). In async code
/// [`shutdown`](Self::shutdown) is better; but where a runtime is dropped with the task that holds
/// this, the last push is made all the same.
#[must_use = "dropping it ends the pushes"]
pub struct PeriodicPush {
    report: Arc<Report>,
    /// Until it is stopped.
    running: Option<Running>,
}

struct Running {
    background: Background,
    /// Takes the time at which it is used.
    stop: oneshot::Sender<Instant>,
}

impl PeriodicPush {
    pub(crate) fn start(
        pusher: Pusher,
        interval: Duration,
        exporter: Exporter,
    ) -> Result<Self, PushError> {
        let (stop, stopped) = oneshot::channel();
        let report = Arc::new(Report::default());
        let interval = interval.max(Duration::from_millis(1));
        let run = Run { pusher, exporter, interval, report: Arc::clone(&report) };
        let background = Background::start(async move || run.until(stopped).await)?;
        Ok(Self { report, running: Some(Running { background, stop }) })
    }

    /// How many pushes the gateway has taken.
    pub fn succeeded(&self) -> u64 {
        self.report.succeeded()
    }

    /// How many attempts to push have failed.
    pub fn failed(&self) -> u64 {
        self.report.failed()
    }

    /// Why the latest push failed, if it did.
    pub fn last_error(&self) -> Option<Arc<PushError>> {
        self.report.last_error()
    }

    /// Ends the pushes with a last one, which begins now.
    ///
    /// # Errors
    ///
    /// The future fails with [`PushError`] when all attempts of the last push failed.
    ///
    /// # Cancellation
    ///
    /// Dropping the future lets the last push go on, for as long as the process does.
    pub fn shutdown(mut self) -> Shutdown {
        Shutdown { last: self.stop() }
    }

    /// Does as [`shutdown`](Self::shutdown), and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// [`PushError`] when all attempts of the last push failed.
    pub fn shutdown_blocking(mut self) -> Result<(), PushError> {
        self.stop().map_or_else(|| Err(PushError::panicked()), Background::wait)
    }

    fn stop(&mut self) -> Option<Background> {
        let Running { background, stop } = self.running.take()?;
        // If it is gone, it has panicked, and says so itself.
        let _ = stop.send(Instant::now());
        Some(background)
    }
}

impl Drop for PeriodicPush {
    fn drop(&mut self) {
        if let Some(last) = self.stop()
            && let Err(error) = last.wait()
        {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(error, "the last push of the metrics failed");
        }
    }
}

impl fmt::Debug for PeriodicPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeriodicPush").field("report", &self.report).finish_non_exhaustive()
    }
}

/// The last of periodic pushes; see [`PeriodicPush::shutdown`].
#[derive(Debug)]
#[must_use = "without awaiting it the process may end before the push does"]
pub struct Shutdown {
    last: Option<Background>,
}

impl Future for Shutdown {
    type Output = Result<(), PushError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.last {
            Some(last) => Pin::new(last).poll(cx),
            None => Poll::Ready(Err(PushError::panicked())),
        }
    }
}
