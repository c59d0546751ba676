//! The exporter: a handle to what was recorded.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tower_metrics_core::request::{Instruments, WeakInstruments};
use tower_metrics_core::{Backend as _, DeclareError, MetricSpec};

use crate::builder::ExporterBuilder;
use crate::error::ExporterError;
use crate::recorder::ExporterRecorder;
use crate::registry::Registry;
use crate::scrape::ScrapeService;
use crate::worker::{Rendering, Worker};

/// Holds what was recorded, and renders it for Prometheus.
///
/// Cheap to clone; clones, recorders and scrape services share everything. When the last of them
/// is dropped, its thread ends. See the [crate docs](crate).
#[derive(Clone)]
pub struct Exporter {
    shared: Arc<Shared>,
}

/// What all handles of one exporter share; the worker's thread ends with it.
pub(crate) struct Shared {
    pub(crate) registry: Arc<Registry>,
    pub(crate) worker: Worker,
    /// Weak, since instruments hold a recorder, and so this.
    instruments: Mutex<WeakInstruments>,
}

impl Exporter {
    pub(crate) fn new(registry: Arc<Registry>, worker: Worker) -> Self {
        let instruments = Mutex::default();
        Self { shared: Arc::new(Shared { registry, worker, instruments }) }
    }

    /// Builds an exporter with the defaults and makes it the global one.
    ///
    /// # Errors
    ///
    /// [`ExporterError`] if there is a global recorder already, or the exporter's thread cannot be
    /// started.
    pub fn install() -> Result<Self, ExporterError> {
        Self::builder().install()
    }

    /// Configures an exporter, global or private.
    pub fn builder() -> ExporterBuilder {
        ExporterBuilder::new()
    }

    /// The recorder that fills this exporter.
    pub fn recorder(&self) -> ExporterRecorder {
        ExporterRecorder::new(Arc::clone(&self.shared))
    }

    /// The default HTTP instruments into this exporter, for the adapters of frameworks: one cache
    /// of handles for all who ask, as when every worker thread of a server makes its own app.
    pub fn instruments(&self) -> Instruments {
        let mut shared = self.shared.instruments.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let instruments = Instruments::standard(self.recorder());
            *shared = instruments.downgrade();
            instruments
        })
    }

    /// Declares metrics: help, unit, labels and buckets, in one place, at any time before their
    /// first sample.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if a specification is invalid, clashes with an earlier one, or comes after
    /// the first sample. Then none of `specs` is declared.
    pub fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        self.recorder().declare(specs)
    }

    /// Renders everything in Prometheus' [text format], on the calling thread: about 15 µs per
    /// label set of a histogram. On async threads use [`rendering`](Self::rendering).
    ///
    /// [text format]: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
    pub fn render(&self) -> String {
        self.shared.registry.render()
    }

    /// Renders as [`render`](Self::render) does, on the exporter's own thread. Renderings asked
    /// for while one is under way share the next.
    ///
    /// # Errors
    ///
    /// The future fails with [`RenderingFailed`](crate::RenderingFailed) if rendering panics.
    pub fn rendering(&self) -> Rendering {
        self.shared.worker.render()
    }

    /// A service that answers scrapes, for any router or server.
    pub fn scrape_service(&self) -> ScrapeService {
        ScrapeService::new(Arc::clone(&self.shared))
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}
