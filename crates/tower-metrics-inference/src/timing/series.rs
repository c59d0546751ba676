//! The series of one metric: declared once, looked up when need be.

use std::borrow::Cow;
use std::fmt;
use std::slice;
use std::sync::{Arc, OnceLock};

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
    /// Whether the declaration holds; unset until there is a recorder to say so.
    holds: OnceLock<bool>,
}

struct Row<H> {
    key: Key,
    handle: Resolved<H>,
}

/// A handle of the facade.
pub(super) trait Handle: Send + Sync + 'static {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self;
    fn noop() -> Self;
}

impl<H: Handle> Series<H> {
    /// One series for each of `rows`, the values of all labels. Declares the metric; where that
    /// fails, nothing is recorded.
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
        let series = Arc::new(Self { backend, spec, rows, holds: OnceLock::new() });
        let declared = series.backend.declare(slice::from_ref(&series.spec));
        match declared {
            Ok(()) => Self::show(&series),
            Err(_) => {
                let _ = series.holds.set(false);
            }
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
            if self.holds() { H::register(&self.backend, &row.key) } else { H::noop() }
        })
    }

    /// Whether the declaration holds, or nobody is there to say so.
    fn holds(&self) -> bool {
        if let Some(holds) = self.holds.get() {
            return *holds;
        }
        if !self.backend.is_recording() {
            return true;
        }
        // The recorder came after this was made; what was declared until then waited for it.
        let declared = self.backend.declare(slice::from_ref(&self.spec));
        if self.holds.set(declared.is_ok()).is_ok()
            && let Err(error) = &declared
        {
            warn(error);
        }
        declared.is_ok()
    }
}

/// Logs that a metric is not recorded.
pub(super) fn warn(error: &DeclareError) {
    tracing::warn!(%error, metric = error.metric(), "a metric is not recorded");
}

impl Handle for Histogram {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self {
        recorder.register_histogram(key, &METADATA)
    }

    fn noop() -> Self {
        Self::noop()
    }
}

impl Handle for Gauge {
    fn register(recorder: &dyn Recorder, key: &Key) -> Self {
        recorder.register_gauge(key, &METADATA)
    }

    fn noop() -> Self {
        Self::noop()
    }
}

impl<H> fmt::Debug for Series<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").field("metric", &self.spec.name()).finish_non_exhaustive()
    }
}
