//! The loop of periodic pushes.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use futures_util::future::{self, Either};
use http::Method;
use tokio::time;
use tower_metrics_prometheus::Exporter;

use super::report::Report;
use crate::error::PushError;
use crate::pusher::Pusher;

/// What is pushed, and when.
pub(super) struct Run {
    pub(super) pusher: Pusher,
    pub(super) exporter: Exporter,
    pub(super) interval: Duration,
    pub(super) report: Arc<Report>,
}

impl Run {
    /// Pushes until it is stopped, and then once more.
    ///
    /// An attempt that is under way then is not broken off: it could arrive after the last one, and
    /// replace it by what is older. Its time is taken from that of the last push.
    pub(super) async fn until(
        self,
        mut stopped: oneshot::Receiver<Instant>,
    ) -> Result<(), PushError> {
        let mut failures = 0;
        let since = loop {
            let outcome = self.pusher.attempt(self.exporter.rendering()).await;
            // The interval goes on being the pause where another attempt would change nothing.
            let pause = match &outcome {
                Err(error) if error.is_transient() => {
                    failures += 1;
                    self.pusher.pause(failures - 1).min(self.interval)
                }
                _ => {
                    failures = 0;
                    self.interval
                }
            };
            self.report.note(outcome);
            match future::select(&mut stopped, pin!(time::sleep(pause))).await {
                Either::Left((since, _)) => break since.unwrap_or_else(|_| Instant::now()),
                Either::Right(_) => {}
            }
        };
        self.pusher.run(Method::PUT, Some(self.exporter.rendering()), since).await
    }
}
