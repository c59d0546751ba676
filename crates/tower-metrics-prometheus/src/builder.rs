//! Configures an exporter.

use std::sync::Arc;
use std::time::Duration;

use tower_metrics_core::Buckets;
use tower_metrics_core::backend::Global;

use crate::error::ExporterError;
use crate::exporter::Exporter;
use crate::global_labels::GlobalLabels;
use crate::observations::Observations;
use crate::registry::Registry;
use crate::render::Renderer;
use crate::scrape::{Gate, Tokens};
use crate::source::Source;
use crate::worker::Worker;

/// Configures an [`Exporter`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built or installed"]
pub struct ExporterBuilder {
    default_buckets: Buckets,
    global_labels: GlobalLabels,
    idle_timeout: Option<Duration>,
    tokens: Tokens,
    max_waiting_scrapes: usize,
    max_unsent_bytes: usize,
    has_self_metrics: bool,
}

impl ExporterBuilder {
    pub(crate) fn new() -> Self {
        Self {
            default_buckets: Buckets::http(),
            global_labels: GlobalLabels::default(),
            idle_timeout: None,
            tokens: Tokens::default(),
            max_waiting_scrapes: 1024,
            max_unsent_bytes: 64 * 1024 * 1024,
            has_self_metrics: false,
        }
    }

    /// Sets the buckets of histograms that nobody declared. Defaults to [`Buckets::http`].
    pub fn with_default_buckets(mut self, buckets: Buckets) -> Self {
        self.default_buckets = buckets;
        self
    }

    /// Adds a label to every series that has none of this name itself. Defaults to none.
    pub fn with_global_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.global_labels.push(name.into(), value.into());
        self
    }

    /// Hides a series that was not updated for this long; it comes back, with all that it had
    /// before, when it is updated. Gauges are hidden at 0 only. Defaults to never.
    ///
    /// Hidden, and not dropped: whoever records keeps handles, and what is written to that of a
    /// dropped series is lost. So this bounds what is scraped, and no memory. A change is noticed
    /// when it is rendered, so a series may stay a little longer.
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Asks everybody who scrapes, in whatever way the exporter is served, for
    /// `Authorization: Bearer` and this token. May be repeated: any of the tokens is allowed, so
    /// that they can be changed one client at a time. Defaults to none, which lets in everybody.
    pub fn with_bearer_token(mut self, token: impl Into<String>) -> Self {
        self.tokens.push(token.into());
        self
    }

    /// Sets how many scrapes may wait for a rendering at a time, at least one; more are answered
    /// with 503. Defaults to 1024.
    pub fn with_max_waiting_scrapes(mut self, max: usize) -> Self {
        self.max_waiting_scrapes = max.max(1);
        self
    }

    /// Sets how many bytes are kept for scrapers that read slowly: beyond, the answers to the
    /// slowest are cut off. The latest rendering is kept however large it is. Defaults to 64 MiB.
    pub fn with_max_unsent_bytes(mut self, max: usize) -> Self {
        self.max_unsent_bytes = max;
        self
    }

    /// Shows how the exporter is scraped, from the first scrape on: `tower_metrics_scrapes_total`,
    /// by outcome, `tower_metrics_scrape_duration_seconds` and `tower_metrics_scrape_size_bytes`.
    /// Defaults to showing nothing but what the application records; Prometheus has a duration of
    /// its own, and does not know who was turned away.
    pub fn with_self_metrics(mut self) -> Self {
        self.has_self_metrics = true;
        self
    }

    /// Builds a private exporter: it gets what is recorded into its
    /// [`recorder`](Exporter::recorder), and nothing else.
    ///
    /// Starts a thread for rendering; no async runtime is needed.
    ///
    /// # Errors
    ///
    /// [`ExporterError`] if a global label or a token is not usable, or the thread cannot be
    /// started.
    pub fn build(self) -> Result<Exporter, ExporterError> {
        self.global_labels.validate()?;
        self.tokens.validate()?;
        let source = Arc::new(Source::new(
            Registry::new(self.default_buckets, self.global_labels.clone()),
            Observations::new(self.global_labels),
            Renderer::new(self.idle_timeout),
        ));
        let worker = Worker::spawn(Arc::clone(&source), self.max_unsent_bytes)
            .map_err(ExporterError::Thread)?;
        let gate = Gate::new(self.tokens, self.max_waiting_scrapes, self.has_self_metrics);
        Ok(Exporter::new(source, worker, gate))
    }

    /// Builds an exporter and makes it the global one: for the `metrics` macros, and for every
    /// layer that is not given another.
    ///
    /// # Errors
    ///
    /// [`ExporterError`] as for [`build`](Self::build), or if there is a global recorder already.
    pub fn install(self) -> Result<Exporter, ExporterError> {
        let exporter = self.build()?;
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let set = metrics::set_global_recorder(exporter.recorder());
        if set.is_err() {
            return Err(if Global::is_installed() {
                ExporterError::AlreadyInstalled
            } else {
                ExporterError::ForeignRecorder
            });
        }
        Global::install(Arc::new(exporter.recorder()));
        Ok(exporter)
    }
}
