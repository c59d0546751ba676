//! What an exporter holds: counters and gauges in the exporter it builds on, histograms in its own
//! families.
//!
//! The exporter below fixes the buckets of its histograms when it is made, and loses samples (see
//! [`HistogramFamily`]). A metric is looked up by name when its handle is registered, which costs
//! nothing later.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder as _};
use metrics::{SharedString, Unit};
use metrics_exporter_prometheus::formatting::{
    sanitize_metric_name, write_help_line, write_type_line,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tower_metrics_core::backend::describe;
use tower_metrics_core::{Buckets, DeclareError, MetricKind, MetricSpec};

use crate::histogram::HistogramFamily;
use crate::render;

/// All metrics of an exporter.
pub(crate) struct Registry {
    /// The exporter below: counters and gauges.
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    default_buckets: Buckets,
    metrics: RwLock<HashMap<String, Metric>>,
    /// The help of histograms that were described before they were recorded.
    histogram_help: RwLock<HashMap<String, String>>,
}

/// What is known of a metric.
struct Metric {
    kind: MetricKind,
    /// `None` if nobody declared it.
    spec: Option<MetricSpec>,
    /// `None` for other kinds.
    histogram: Option<Arc<HistogramFamily>>,
    /// Whether it was logged that the metric is used as another kind.
    warned: AtomicBool,
}

impl Registry {
    pub(crate) fn new(default_buckets: Buckets) -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        Self {
            handle: recorder.handle(),
            recorder,
            default_buckets,
            metrics: RwLock::default(),
            histogram_help: RwLock::default(),
        }
    }

    /// Declares metrics, all or none; those declared alike before stay as they are.
    pub(crate) fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        specs.iter().try_for_each(MetricSpec::validate)?;
        let mut metrics = self.metrics.write().unwrap_or_else(PoisonError::into_inner);
        let mut new: Vec<MetricSpec> = Vec::new();
        for spec in specs {
            let earlier = new.iter().find(|other| other.name() == spec.name());
            let known = metrics.get(spec.name());
            match (earlier, known.map(|metric| &metric.spec)) {
                (Some(earlier), _) | (None, Some(Some(earlier))) => same(earlier, spec)?,
                (None, Some(None)) => {
                    return Err(DeclareError::AlreadyRecorded { name: spec.name().to_owned() });
                }
                (None, None) => new.push(spec.clone()),
            }
        }
        describe(&self.recorder, &new);
        for spec in new {
            let metric = Metric::new(spec.kind(), Some(spec.clone()), &self.default_buckets);
            metrics.insert(spec.name().to_owned(), metric);
        }
        Ok(())
    }

    pub(crate) fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.recorder.describe_counter(name, unit, escape_help(help));
    }

    pub(crate) fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.recorder.describe_gauge(name, unit, escape_help(help));
    }

    pub(crate) fn describe_histogram(&self, name: &KeyName, help: &SharedString) {
        let name = sanitize_metric_name(name.as_str());
        let mut known = self.histogram_help.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(name).or_insert_with(|| help.as_ref().to_owned());
    }

    pub(crate) fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.with_metric(key.name(), MetricKind::Counter, |_| {
            with_escaped(key, |key| self.recorder.register_counter(key, metadata))
        })
        .unwrap_or(Counter::noop())
    }

    pub(crate) fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.with_metric(key.name(), MetricKind::Gauge, |_| {
            with_escaped(key, |key| self.recorder.register_gauge(key, metadata))
        })
        .unwrap_or(Gauge::noop())
    }

    pub(crate) fn register_histogram(&self, key: &Key) -> Histogram {
        self.with_metric(key.name(), MetricKind::Histogram, |metric| {
            metric.histogram.as_ref().map(|family| family.register(key))
        })
        .flatten()
        .unwrap_or(Histogram::noop())
    }

    /// Calls `f` with the metric `name`, which is made if need be; `None` if it is of another kind.
    fn with_metric<T>(
        &self,
        name: &str,
        kind: MetricKind,
        f: impl FnOnce(&Metric) -> T,
    ) -> Option<T> {
        let sanitized = sanitize_metric_name(name);
        let metrics = self.metrics.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(metric) = metrics.get(&sanitized) {
            return metric.if_used_as(kind, name).map(f);
        }
        drop(metrics);
        let mut metrics = self.metrics.write().unwrap_or_else(PoisonError::into_inner);
        let metric = metrics
            .entry(sanitized)
            .or_insert_with(|| Metric::new(kind, None, &self.default_buckets));
        metric.if_used_as(kind, name).map(f)
    }

    /// Renders all metrics, families by name.
    pub(crate) fn render(&self) -> String {
        let below = self.handle.render();
        let histograms = self.histograms();
        let texts = histograms.iter().filter_map(|(name, help, family)| {
            Some((name.as_str(), render_histogram(name, help, family)?))
        });
        render::join(&below, texts.collect())
    }

    /// The histograms with their names and help texts.
    fn histograms(&self) -> Vec<(String, String, Arc<HistogramFamily>)> {
        let help = self.histogram_help.read().unwrap_or_else(PoisonError::into_inner);
        let metrics = self.metrics.read().unwrap_or_else(PoisonError::into_inner);
        let histogram = |(name, metric): (&String, &Metric)| {
            let family = Arc::clone(metric.histogram.as_ref()?);
            let declared = metric.spec.as_ref().map(MetricSpec::help);
            let help = declared.or_else(|| help.get(name).map(String::as_str)).unwrap_or_default();
            Some((name.clone(), help.to_owned(), family))
        };
        metrics.iter().filter_map(histogram).collect()
    }
}

impl Metric {
    fn new(kind: MetricKind, spec: Option<MetricSpec>, default_buckets: &Buckets) -> Self {
        let buckets = spec.as_ref().and_then(MetricSpec::buckets).unwrap_or(default_buckets);
        let histogram = (kind == MetricKind::Histogram)
            .then(|| Arc::new(HistogramFamily::new(buckets.clone())));
        Self { kind, spec, histogram, warned: AtomicBool::new(false) }
    }

    /// Itself, if `kind` is what it is. The first other use is logged.
    fn if_used_as(&self, kind: MetricKind, name: &str) -> Option<&Self> {
        if self.kind != kind && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::error!(name, "a {} is used as a {kind}; that is not recorded", self.kind);
        }
        (self.kind == kind).then_some(self)
    }
}

/// A histogram's family with its comments; `None` if it has no series yet.
fn render_histogram(name: &str, help: &str, family: &HistogramFamily) -> Option<String> {
    let mut text = String::new();
    if !help.is_empty() {
        write_help_line(&mut text, name, None, None, &help.replace('\\', r"\\"));
    }
    write_type_line(&mut text, name, None, None, "histogram");
    let comments = text.len();
    family.render(name, &mut text);
    (text.len() > comments).then_some(text)
}

/// Whether two declarations of one name say the same.
fn same(earlier: &MetricSpec, later: &MetricSpec) -> Result<(), DeclareError> {
    let differs_in = if earlier.kind() != later.kind() {
        "kind"
    } else if earlier.buckets() != later.buckets() {
        "bucket list"
    } else if !earlier.labels().eq(later.labels()) {
        "label set"
    } else if earlier.unit() != later.unit() {
        "unit"
    } else if earlier.help() != later.help() {
        "help text"
    } else {
        return Ok(());
    };
    Err(DeclareError::Conflict { name: later.name().to_owned(), differs_in })
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

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
