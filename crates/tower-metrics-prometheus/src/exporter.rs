//! The exporter: a handle to what was recorded.

use std::fmt;
use std::sync::{Arc, OnceLock};

use tower_metrics_core::observe::{BackendExt as _, ObserveFn, Value};
use tower_metrics_core::request::Instruments;
use tower_metrics_core::{Backend as _, DeclareError, MetricSpec, Observation, Observer};

use crate::builder::ExporterBuilder;
use crate::error::ExporterError;
use crate::recorder::ExporterRecorder;
use crate::scrape::{Gate, Scrape, ScrapeRequest, ScrapeService};
use crate::source::Source;
use crate::worker::{Rendering, Worker};

/// Holds what was recorded, and renders it for Prometheus.
///
/// Cheap to clone; clones and scrape services share everything. When the last of them is dropped,
/// its thread ends; recorders do not keep it. See the [crate docs](crate).
#[derive(Clone)]
pub struct Exporter {
    shared: Arc<Shared>,
}

/// What all handles of one exporter share; its thread ends with it.
pub(crate) struct Shared {
    pub(crate) source: Arc<Source>,
    pub(crate) worker: Worker,
    pub(crate) gate: Arc<Gate>,
    instruments: OnceLock<Instruments>,
}

impl Exporter {
    pub(crate) fn new(source: Arc<Source>, worker: Worker, gate: Gate) -> Self {
        let (gate, instruments) = (Arc::new(gate), OnceLock::new());
        Self { shared: Arc::new(Shared { source, worker, gate, instruments }) }
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
        ExporterRecorder::new(Arc::clone(&self.shared.source))
    }

    /// The default HTTP instruments into this exporter, for the adapters of frameworks: with the
    /// same limits for all who ask, as when every worker thread of a server makes its own app.
    pub fn instruments(&self) -> Instruments {
        let make = || Instruments::standard(self.recorder());
        self.shared.instruments.get_or_init(make).with_own_cache()
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

    /// Observes a gauge: `value` is called for each rendering, and at no other time, until the
    /// handle is dropped. The gauge's label names are those of `labels`, which are constant.
    ///
    /// A closure that panics, or returns NaN, loses its sample, which is logged once, and spoils
    /// nothing else; the panic hook runs each time. It is called on the thread that renders, the
    /// exporter's own for a scrape. It may record, declare, observe and render; a rendering that it
    /// asks for is one without closures. It should not block, for every scrape waits for it, and
    /// must not wait for a scrape of the same exporter on another thread.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use tower_metrics_core::MetricSpec;
    /// use tower_metrics_prometheus::Exporter;
    ///
    /// let exporter = Exporter::builder().build()?;
    /// let queue = Arc::new(Mutex::new(vec!["job"; 3]));
    /// let spec = MetricSpec::gauge("queue_length").with_help("Jobs that wait.");
    /// let observation = exporter.gauge_fn(spec, &[], move || queue.lock().unwrap().len())?;
    /// assert!(exporter.render().ends_with("queue_length 3\n"));
    ///
    /// drop(observation);
    /// assert_eq!(exporter.render(), "");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DeclareError`] as for [`declare`](Self::declare), if `spec` is not that of a gauge, or if
    /// there is a closure for the same labels already; drop its handle first to replace it.
    pub fn gauge_fn<V: Value>(
        &self,
        spec: MetricSpec,
        labels: &[(&str, &str)],
        value: impl Fn() -> V + Send + Sync + 'static,
    ) -> Result<Observation, DeclareError> {
        self.recorder().gauge_fn(spec, labels, value)
    }

    /// Observes a counter whose total is kept elsewhere, as [`gauge_fn`](Self::gauge_fn) does a
    /// gauge.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] as for [`gauge_fn`](Self::gauge_fn), or if `spec` is not that of a counter.
    pub fn counter_fn<V: Value>(
        &self,
        spec: MetricSpec,
        labels: &[(&str, &str)],
        total: impl Fn() -> V + Send + Sync + 'static,
    ) -> Result<Observation, DeclareError> {
        self.recorder().counter_fn(spec, labels, total)
    }

    /// Observes several series, or several metrics, from one snapshot; see [`Observer`]. Where
    /// [`gauge_fn`](Self::gauge_fn) loses a sample, this loses all that `observe` has given, if it
    /// panics.
    ///
    /// ```
    /// use tower_metrics_core::MetricSpec;
    /// use tower_metrics_prometheus::Exporter;
    ///
    /// let exporter = Exporter::builder().build()?;
    /// let specs = [MetricSpec::gauge("gpu_memory_used_bytes").with_labels(["gpu_id"])];
    /// let observation = exporter.observe(&specs, |observer| {
    ///     for (id, used) in [("0", 8_000_000_000_u64), ("1", 0)] {
    ///         observer.gauge("gpu_memory_used_bytes", &[("gpu_id", id)], used);
    ///     }
    /// })?;
    /// assert_eq!(
    ///     exporter.render(),
    ///     "# TYPE gpu_memory_used_bytes gauge\n\
    ///      gpu_memory_used_bytes{gpu_id=\"0\"} 8000000000\n\
    ///      gpu_memory_used_bytes{gpu_id=\"1\"} 0\n"
    /// );
    /// # drop(observation);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DeclareError`] as for [`declare`](Self::declare), if one of `specs` is a histogram's, or
    /// if one has no labels and is observed already.
    pub fn observe(
        &self,
        specs: &[MetricSpec],
        observe: impl Fn(&mut Observer<'_>) + Send + Sync + 'static,
    ) -> Result<Observation, DeclareError> {
        self.recorder().observe(specs, ObserveFn::new(observe))
    }

    /// Renders everything in Prometheus' [text format], on the calling thread, which takes longer
    /// the more series there are. On async threads use [`rendering`](Self::rendering).
    ///
    /// [text format]: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
    pub fn render(&self) -> String {
        let mut text = String::new();
        self.shared.source.render(&mut text);
        text
    }

    /// Renders as [`render`](Self::render) does, on the exporter's own thread. Renderings asked
    /// for while one is under way share the next.
    ///
    /// # Errors
    ///
    /// The future fails with [`RenderError`](crate::RenderError) if rendering panics, or if
    /// it is polled only when [too much](ExporterBuilder::with_max_unsent_bytes) was rendered since.
    pub fn rendering(&self) -> Rendering {
        Rendering::new(&self.shared.worker)
    }

    /// Answers a scrape, whatever server it came to. Where requests are those of the crate `http`,
    /// [`scrape_service`](Self::scrape_service) does the rest.
    pub fn scrape(&self, request: &ScrapeRequest<'_>) -> Scrape {
        Scrape::new(&self.shared, request)
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
