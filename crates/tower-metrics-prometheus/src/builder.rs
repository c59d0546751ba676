//! Configures an exporter.

use std::sync::Arc;
use std::time::Duration;

use tower_metrics_core::Buckets;
use tower_metrics_core::backend::Global;

use crate::error::ExporterError;
use crate::exporter::Exporter;
use crate::stores::Stores;
use crate::worker::Worker;

/// Configures an [`Exporter`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built or installed"]
pub struct ExporterBuilder {
    default_buckets: Buckets,
    upkeep_interval: Duration,
}

impl ExporterBuilder {
    pub(crate) fn new() -> Self {
        Self { default_buckets: Buckets::http(), upkeep_interval: Duration::from_secs(5) }
    }

    /// Sets the buckets of histograms that nobody declared. Defaults to [`Buckets::http`].
    pub fn with_default_buckets(mut self, buckets: Buckets) -> Self {
        self.default_buckets = buckets;
        self
    }

    /// Sets how often histogram samples are folded into their buckets when nobody scrapes; until
    /// then each takes 16 bytes. Defaults to 5 seconds.
    pub fn with_upkeep_interval(mut self, interval: Duration) -> Self {
        self.upkeep_interval = interval;
        self
    }

    /// Builds a private exporter: it gets what is recorded into its
    /// [`recorder`](Exporter::recorder), and nothing else.
    ///
    /// Starts a thread for upkeep and rendering; no async runtime is needed.
    ///
    /// # Errors
    ///
    /// [`ExporterError`] if the upkeep interval is zero or the thread cannot be started.
    pub fn build(self) -> Result<Exporter, ExporterError> {
        if self.upkeep_interval.is_zero() {
            return Err(ExporterError::ZeroUpkeepInterval);
        }
        let stores = Arc::new(Stores::new(&self.default_buckets));
        let worker = Worker::spawn(Arc::clone(&stores), self.upkeep_interval)
            .map_err(ExporterError::Thread)?;
        Ok(Exporter::new(stores, worker))
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
