//! The series of one metric: declared once, looked up when need be.

use std::borrow::Cow;
use std::fmt;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics::{Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use tower_metrics_core::{Backend, DeclareError, Live, MetricSpec, Resolved};

const METADATA: Metadata<'static> =
    Metadata::new("tower_metrics", Level::INFO, Some("tower_metrics"));

/// The name and the value of a label.
pub(super) type LabelPair = (Cow<'static, str>, Cow<'static, str>);

/// Where a metric goes, and all series that it has.
pub(super) struct Series<H> {
    backend: Arc<dyn Backend>,
    spec: MetricSpec,
    rows: Box<[Row<H>]>,
    /// Whether a recorder has heard of the declaration.
    declared: AtomicBool,
}

struct Row<H> {
    key: Key,
    handle: Resolved<H>,
}

/// A handle of the facade.
pub(super) trait Handle: Send + Sync + 'static {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self;
}

impl<H: Handle> Series<H> {
    /// One series for each of `rows`, the values of all labels. Declares the metric; where that
    /// fails, they are recorded as what the recorder takes them for.
    pub(super) fn new(
        backend: Arc<dyn Backend>,
        spec: MetricSpec,
        rows: impl IntoIterator<Item = Vec<LabelPair>>,
    ) -> (Arc<Self>, Result<(), DeclareError>) {
        let row = |labels: Vec<LabelPair>| {
            let labels: Vec<Label> =
                labels.into_iter().map(|(name, value)| Label::new(name, value)).collect();
            let key = Key::from_parts(spec.name().to_owned(), labels);
            Row { key, handle: Resolved::default() }
        };
        let rows = rows.into_iter().map(row).collect();
        let series = Arc::new(Self { backend, spec, rows, declared: AtomicBool::new(false) });
        let declared = series.backend.declare(slice::from_ref(&series.spec));
        match declared {
            Ok(()) => Self::show(&series),
            // Whoever gets the error says so.
            Err(_) => series.declared.store(true, Ordering::Relaxed),
        }
        (series, declared)
    }

    /// Makes every series be there at 0, as soon as there is a recorder.
    fn show(series: &Arc<Self>) {
        let weak = Arc::downgrade(series);
        series.backend.when_recording(Box::new(move || {
            if let Some(series) = weak.upgrade() {
                for row in &series.rows {
                    series.get(row);
                }
            }
        }));
    }

    /// Calls `f` with the handle of a row, if there is such a row.
    pub(super) fn with<T>(&self, row: usize, f: impl FnOnce(&H) -> T) -> Option<T> {
        self.rows.get(row).map(|row| f(&self.get(row)))
    }

    fn get(&self, row: &Row<H>) -> Arc<Live<H>> {
        row.handle.get(&*self.backend, || {
            self.declare_late();
            H::register(&self.backend, &row.key)
        })
    }

    /// Declares the metric to a recorder that came after this was made. What was declared until
    /// then waited for it, unless it is one that knows no declarations.
    fn declare_late(&self) {
        if self.declared.load(Ordering::Relaxed) || !self.backend.is_recording() {
            return;
        }
        // On every thread that comes here at once, so that none records before the declaration.
        let declared = self.backend.declare(slice::from_ref(&self.spec));
        if !self.declared.swap(true, Ordering::Relaxed)
            && let Err(error) = declared
        {
            warn(&error);
        }
    }
}

/// Logs that a metric is not recorded as it was to be.
pub(super) fn warn(error: &DeclareError) {
    tracing::warn!(%error, metric = error.metric(), "a metric is recorded without its declaration");
}

impl Handle for Histogram {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self {
        recorder.register_histogram(key, &METADATA)
    }
}

impl Handle for Gauge {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self {
        recorder.register_gauge(key, &METADATA)
    }
}

impl<H> fmt::Debug for Series<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").field("metric", &self.spec.name()).finish_non_exhaustive()
    }
}
