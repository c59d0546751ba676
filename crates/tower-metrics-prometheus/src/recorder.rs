//! The recorder in front of the registry.

use std::fmt;
use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tower_metrics_core::{Backend, DeclareError, MetricSpec};

use crate::exporter::Shared;

/// Records into an [`Exporter`](crate::Exporter).
///
/// Goes to a layer (`with_recorder`), or to [`metrics::with_local_recorder`]. Cheap to clone.
#[derive(Clone)]
pub struct ExporterRecorder {
    shared: Arc<Shared>,
}

impl ExporterRecorder {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl Backend for ExporterRecorder {
    fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        self.shared.registry.declare(specs)
    }
}

impl Recorder for ExporterRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.shared.registry.describe_counter(name, unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.shared.registry.describe_gauge(name, unit, help);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.shared.registry.describe_histogram(&name, &help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.shared.registry.register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.shared.registry.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.shared.registry.register_histogram(key)
    }
}

impl fmt::Debug for ExporterRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExporterRecorder").finish_non_exhaustive()
    }
}
