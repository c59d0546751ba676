//! Configures an exporter.

use std::sync::Arc;

use tower_metrics_core::Buckets;
use tower_metrics_core::backend::Global;

use crate::error::ExporterError;
use crate::exporter::Exporter;
use crate::registry::Registry;
use crate::worker::Worker;

/// Configures an [`Exporter`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built or installed"]
pub struct ExporterBuilder {
    default_buckets: Buckets,
}

impl ExporterBuilder {
    pub(crate) fn new() -> Self {
        Self { default_buckets: Buckets::http() }
    }

    /// Sets the buckets of histograms that nobody declared. Defaults to [`Buckets::http`].
    pub fn with_default_buckets(mut self, buckets: Buckets) -> Self {
        self.default_buckets = buckets;
        self
    }

    /// Builds a private exporter: it gets what is recorded into its
    /// [`recorder`](Exporter::recorder), and nothing else.
    ///
    /// Starts a thread for rendering; no async runtime is needed.
    ///
    /// # Errors
    ///
    /// [`ExporterError`] if the thread cannot be started.
    pub fn build(self) -> Result<Exporter, ExporterError> {
        let registry = Arc::new(Registry::new(self.default_buckets));
        let worker = Worker::spawn(Arc::clone(&registry)).map_err(ExporterError::Thread)?;
        Ok(Exporter::new(registry, worker))
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
