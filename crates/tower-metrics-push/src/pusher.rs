//! Pushes: all of it, some of it, or nothing any more.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use tower_metrics_prometheus::{Exporter, Rendering};

use crate::background::Background;
use crate::error::PushError;
use crate::exchange;
use crate::future::PushFuture;
use crate::gateway::Gateway;
use crate::periodic::PeriodicPush;
use crate::retry::Budget;

/// Pushes to one group of a Pushgateway: a job, and the labels of its grouping key.
///
/// Cheap to clone. Each push has a thread and a connection of its own, and its futures work on any
/// executor. See the [crate docs](crate).
#[derive(Clone)]
pub struct Pusher {
    gateway: Arc<Gateway>,
}

impl Pusher {
    pub(crate) fn new(gateway: Gateway) -> Self {
        Self { gateway: Arc::new(gateway) }
    }

    /// Replaces everything that the gateway has of the group by what the exporter renders (`PUT`).
    ///
    /// # Errors
    ///
    /// The future fails with [`PushError`] when all attempts failed. Nothing is lost then: what
    /// was recorded goes with the next push.
    ///
    /// # Cancellation
    ///
    /// See [`PushFuture`].
    pub fn push(&self, exporter: &Exporter) -> PushFuture {
        PushFuture::new(self.clone(), Method::PUT, Some(exporter.clone()))
    }

    /// Replaces what the gateway has of the group only where the exporter renders a metric of the
    /// same name (`POST`).
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    ///
    /// # Cancellation
    ///
    /// See [`PushFuture`].
    pub fn add(&self, exporter: &Exporter) -> PushFuture {
        PushFuture::new(self.clone(), Method::POST, Some(exporter.clone()))
    }

    /// Deletes everything that the gateway has of the group; that there is nothing is no error.
    ///
    /// # Errors
    ///
    /// The future fails with [`PushError`] when all attempts failed.
    ///
    /// # Cancellation
    ///
    /// See [`PushFuture`].
    pub fn delete(&self) -> PushFuture {
        PushFuture::new(self.clone(), Method::DELETE, None)
    }

    /// Does as [`push`](Self::push), and blocks meanwhile: for programs without async code. Inside
    /// of a runtime it works too, and holds up the tasks of its thread.
    ///
    /// # Errors
    ///
    /// [`PushError`] when all attempts failed.
    pub fn push_blocking(&self, exporter: &Exporter) -> Result<(), PushError> {
        self.start(Method::PUT, Some(exporter))?.wait()
    }

    /// Does as [`add`](Self::add), and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// [`PushError`] when all attempts failed.
    pub fn add_blocking(&self, exporter: &Exporter) -> Result<(), PushError> {
        self.start(Method::POST, Some(exporter))?.wait()
    }

    /// Does as [`delete`](Self::delete), and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// [`PushError`] when all attempts failed.
    pub fn delete_blocking(&self) -> Result<(), PushError> {
        self.start(Method::DELETE, None)?.wait()
    }

    /// Pushes what the exporter renders now, then at this interval, at least a millisecond, and a
    /// last time when the handle is shut down or dropped. See [`PeriodicPush`].
    ///
    /// # Errors
    ///
    /// [`PushError::Thread`] if the thread that pushes cannot be started.
    pub fn push_every(
        &self,
        interval: Duration,
        exporter: &Exporter,
    ) -> Result<PeriodicPush, PushError> {
        PeriodicPush::start(self.clone(), interval, exporter.clone())
    }

    fn start(&self, method: Method, exporter: Option<&Exporter>) -> Result<Background, PushError> {
        let pusher = self.clone();
        let (since, rendering) = (Instant::now(), exporter.map(Exporter::rendering));
        Background::start(async move || pusher.run(method, rendering, since).await)
    }

    /// A whole push that began at `since`: renders once, and sends that until it arrives.
    pub(crate) async fn run(
        &self,
        method: Method,
        rendering: Option<Rendering>,
        since: Instant,
    ) -> Result<(), PushError> {
        let gateway = &*self.gateway;
        let budget = gateway.retries.budget(since.into());
        let body = render(rendering, budget).await?;
        let attempt =
            async |budget| exchange::send(gateway, method.clone(), body.clone(), budget).await;
        gateway.retries.run(budget, attempt).await
    }

    /// One attempt, rendering included, in the time for one.
    pub(crate) async fn attempt(&self, rendering: Rendering) -> Result<(), PushError> {
        let retries = &self.gateway.retries;
        let budget = retries.budget(Instant::now().into()).share(retries.timeout);
        let body = render(Some(rendering), budget).await?;
        exchange::send(&self.gateway, Method::PUT, body, budget).await
    }

    /// How long to wait after one more failure than `failures`.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        self.gateway.retries.backoff.pause(failures)
    }
}

async fn render(rendering: Option<Rendering>, budget: Budget) -> Result<Bytes, PushError> {
    match rendering {
        Some(rendering) => budget.spend(rendering).await?.map_err(PushError::Rendering),
        None => Ok(Bytes::new()),
    }
}

impl fmt::Debug for Pusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pusher").field("gateway", &self.gateway).finish()
    }
}
