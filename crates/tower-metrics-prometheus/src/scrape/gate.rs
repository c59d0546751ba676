//! Who may scrape, and who waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::outcome::ScrapeOutcome;
use super::request::ScrapeRequest;
use super::self_metrics::SelfMetrics;
use super::token::Tokens;
use crate::registry::Registry;

/// What stands between scrapers and the renderings.
#[derive(Debug)]
pub(crate) struct Gate {
    tokens: Tokens,
    max_waiting: usize,
    waiting: AtomicUsize,
    has_self_metrics: bool,
    /// There from the first scrape on: an exporter that nobody scrapes has nothing to say about it.
    self_metrics: OnceLock<SelfMetrics>,
}

impl Gate {
    pub(crate) fn new(tokens: Tokens, max_waiting: usize, has_self_metrics: bool) -> Self {
        Self {
            tokens,
            max_waiting,
            waiting: AtomicUsize::new(0),
            has_self_metrics,
            self_metrics: OnceLock::new(),
        }
    }

    /// Lets a scraper wait, or says why not.
    pub(super) fn enter(
        self: &Arc<Self>,
        registry: &Registry,
        request: &ScrapeRequest<'_>,
    ) -> Result<Visit, ScrapeOutcome> {
        let metrics = self.self_metrics.get_or_init(|| {
            if self.has_self_metrics { SelfMetrics::new(registry) } else { SelfMetrics::none() }
        });
        let refused = if !request.is_allowed(&self.tokens) {
            ScrapeOutcome::Unauthorized
        } else if !request.is_read() {
            ScrapeOutcome::MethodNotAllowed
        } else if self.waiting.fetch_add(1, Ordering::Relaxed) < self.max_waiting {
            return Ok(Visit { gate: Arc::clone(self), since: Instant::now(), outcome: None });
        } else {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            ScrapeOutcome::Overloaded
        };
        metrics.count(refused);
        Err(refused)
    }
}

/// A scraper that waits for its rendering; counted once, when it ends.
#[derive(Debug)]
pub(super) struct Visit {
    gate: Arc<Gate>,
    since: Instant,
    outcome: Option<ScrapeOutcome>,
}

impl Visit {
    /// The rendering is there, so many bytes long before it was compressed; or it failed.
    pub(super) fn end(mut self, bytes: Option<usize>) {
        self.outcome =
            Some(if bytes.is_some() { ScrapeOutcome::Success } else { ScrapeOutcome::Failed });
        if let (Some(bytes), Some(metrics)) = (bytes, self.gate.self_metrics.get()) {
            metrics.set_size(bytes);
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.gate.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Some(metrics) = self.gate.self_metrics.get() {
            metrics.count(self.outcome.unwrap_or(ScrapeOutcome::Cancelled));
            metrics.record_duration(self.since.elapsed());
        }
    }
}
