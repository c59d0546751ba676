//! The recorder in front of the stores.

use std::fmt;
use std::sync::Arc;

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit,
};
use tower_metrics_core::{Backend, DeclareError, MetricKind, MetricSpec};

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
        self.shared.stores.declare(specs)
    }
}

impl Recorder for ExporterRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.shared.stores.describe(name.as_str(), |r| {
            r.describe_counter(name.clone(), unit, escape_help(help));
        });
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.shared.stores.describe(name.as_str(), |r| {
            r.describe_gauge(name.clone(), unit, escape_help(help));
        });
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.shared.stores.describe(name.as_str(), |r| {
            r.describe_histogram(name.clone(), unit, escape_help(help));
        });
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.shared
            .stores
            .register(key.name(), MetricKind::Counter, |r| {
                with_escaped(key, |key| r.register_counter(key, metadata))
            })
            .unwrap_or(Counter::noop())
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.shared
            .stores
            .register(key.name(), MetricKind::Gauge, |r| {
                with_escaped(key, |key| r.register_gauge(key, metadata))
            })
            .unwrap_or(Gauge::noop())
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.shared
            .stores
            .register(key.name(), MetricKind::Histogram, |r| {
                with_escaped(key, |key| r.register_histogram(key, metadata))
            })
            .unwrap_or(Histogram::noop())
    }
}

impl fmt::Debug for ExporterRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExporterRecorder").finish_non_exhaustive()
    }
}

/// The exporter below takes a pair of backslashes for one that was escaped before, so that two
/// values would become one series; doubled, each comes out as it went in.
fn with_escaped<T>(key: &Key, f: impl FnOnce(&Key) -> T) -> T {
    if !key.labels().any(|label| label.value().contains('\\')) {
        return f(key);
    }
    let labels: Vec<Label> = key
        .labels()
        .map(|label| Label::new(label.key().to_owned(), label.value().replace('\\', r"\\")))
        .collect();
    f(&Key::from_parts(key.name().to_owned(), labels))
}

fn escape_help(help: SharedString) -> SharedString {
    if help.contains('\\') { help.replace('\\', r"\\").into() } else { help }
}
