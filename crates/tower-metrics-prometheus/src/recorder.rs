//! The recorder in front of the registry.

use std::fmt;
use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tower_metrics_core::backend::Operation;
use tower_metrics_core::observe::ObserveFn;
use tower_metrics_core::{Backend, DeclareError, MetricSpec, Observation};

use crate::registry::Registry;
use crate::source::Source;

/// Records into an [`Exporter`](crate::Exporter).
///
/// Goes to a layer (`with_recorder`), or to [`metrics::with_local_recorder`]. Cheap to clone. Records
/// on when the last exporter and scrape service are dropped, though nobody can render that.
#[derive(Clone)]
pub struct ExporterRecorder {
    source: Arc<Source>,
}

impl ExporterRecorder {
    pub(crate) fn new(source: Arc<Source>) -> Self {
        Self { source }
    }

    fn registry(&self) -> &Registry {
        &self.source.registry
    }
}

impl Backend for ExporterRecorder {
    fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        self.registry().declare(specs)
    }

    /// Series that lie unused are hidden, and never forgotten.
    fn keeps_handles(&self) -> bool {
        true
    }

    fn register_operation(&self, operation: &Operation<'_>, _: &Metadata<'_>) -> Option<Histogram> {
        self.registry().register_operation(operation)
    }

    fn register_own_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.registry().register_own_gauge(key)
    }

    /// What the closure may do stands at [`Exporter::gauge_fn`](crate::Exporter::gauge_fn).
    fn observe(
        &self,
        specs: &[MetricSpec],
        observe: ObserveFn,
    ) -> Result<Observation, DeclareError> {
        self.source.observe(specs, observe)
    }
}

impl Recorder for ExporterRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.registry().describe_counter(name, unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.registry().describe_gauge(name, unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.registry().describe_histogram(name, unit, help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.registry().register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.registry().register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.registry().register_histogram(key, metadata)
    }
}

impl fmt::Debug for ExporterRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExporterRecorder").finish_non_exhaustive()
    }
}
