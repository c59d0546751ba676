//! What is known of a metric by its name.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use metrics::Key;
use metrics_exporter_prometheus::formatting::sanitize_metric_name;
use tower_metrics_core::{Buckets, MetricKind, MetricSpec};

use super::cells::Cells;
use super::counter::CounterFamily;
use super::gauge::GaugeFamily;
use super::histogram::HistogramFamily;
use super::labels::Labels;
use crate::global_labels::GlobalLabels;
use crate::report::{Reports, Trouble};

/// The metrics by the names under which they are shown.
pub(super) type Metrics = HashMap<String, Arc<Metric>>;

/// A metric: whoever came first under its name decides what it is.
#[derive(Debug)]
pub(crate) struct Metric {
    /// `None` if nobody declared it.
    spec: Option<MetricSpec>,
    series: Series,
    written: String,
    labels: Labels,
    reports: Reports,
}

/// What all metrics of a registry have in common.
pub(super) struct Common {
    pub(super) cells: Arc<Cells>,
    /// For histograms without buckets of their own.
    pub(super) default_buckets: Buckets,
    pub(super) global_labels: GlobalLabels,
}

/// The series of a metric, by its kind.
#[derive(Debug)]
pub(crate) enum Series {
    Counter(CounterFamily),
    Gauge(GaugeFamily),
    Histogram(HistogramFamily),
}

/// The value of a series with its labels.
pub(crate) type Scalar = (Arc<str>, String);

impl Series {
    fn new(kind: MetricKind, cells: &Arc<Cells>, buckets: &Buckets) -> Self {
        match kind {
            MetricKind::Counter => Self::Counter(CounterFamily::new(cells)),
            MetricKind::Histogram => Self::Histogram(HistogramFamily::new(cells, buckets)),
            _ => Self::Gauge(GaugeFamily::new(cells)),
        }
    }
}

impl Metric {
    pub(super) fn declared(spec: MetricSpec, common: &Common) -> Self {
        let buckets = spec.buckets().unwrap_or(&common.default_buckets);
        Self {
            series: Series::new(spec.kind(), &common.cells, buckets),
            written: spec.name().to_owned(),
            labels: Labels::new(&common.global_labels, Some(&spec)),
            spec: Some(spec),
            reports: Reports::default(),
        }
    }

    pub(super) fn undeclared(written: &str, kind: MetricKind, common: &Common) -> Self {
        Self {
            spec: None,
            series: Series::new(kind, &common.cells, &common.default_buckets),
            written: written.to_owned(),
            labels: Labels::new(&common.global_labels, None),
            reports: Reports::default(),
        }
    }

    pub(crate) fn kind(&self) -> MetricKind {
        match self.series {
            Series::Counter(_) => MetricKind::Counter,
            Series::Gauge(_) => MetricKind::Gauge,
            Series::Histogram(_) => MetricKind::Histogram,
        }
    }

    pub(super) fn spec(&self) -> Option<&MetricSpec> {
        self.spec.as_ref()
    }

    pub(crate) fn series(&self) -> &Series {
        &self.series
    }

    /// The key by which a series of this metric is known; `None`, once logged, if it would be taken
    /// for something that it is not.
    pub(super) fn accept<'k>(&self, key: &'k Key, kind: MetricKind) -> Option<Cow<'k, Key>> {
        let name = key.name();
        if self.kind() != kind {
            self.report(Trouble::Kind, || {
                let declared = self.kind();
                tracing::error!(name, "a {declared} is used as a {kind}; that is not recorded");
            });
            return None;
        }
        if self.written != name {
            self.report(Trouble::Name, || {
                let before = &self.written;
                tracing::error!(name, "the name looks like `{before}`; it is not recorded");
            });
            return None;
        }
        match self.labels.canonical(key) {
            Ok(key) => Some(key),
            Err(clash) => {
                self.report(Trouble::Label, || {
                    let (label, before) = (clash.written, clash.before);
                    tracing::error!(name, label, "the label looks like `{before}`; not recorded");
                });
                None
            }
        }
    }

    /// Logs, once, that `name` is among the series of this histogram, or the other way round.
    pub(super) fn refuse(&self, name: &str) {
        self.report(Trouble::Series, || {
            let other = &self.written;
            tracing::error!(name, "collides with the series of `{other}`; it is not recorded");
        });
    }

    fn report(&self, trouble: Trouble, log: impl FnOnce()) {
        if self.reports.is_first(trouble) {
            log();
        }
    }
}

/// The name under which a metric is shown.
pub(super) fn shown(name: &str) -> Cow<'_, str> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    if name.chars().all(is_allowed) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(sanitize_metric_name(name))
    }
}

const SERIES_OF_A_HISTOGRAM: [&str; 3] = ["_bucket", "_sum", "_count"];

/// A metric that could not stand beside one of this name and kind.
pub(super) fn colliding<'a>(
    metrics: &'a Metrics,
    name: &str,
    kind: MetricKind,
) -> Option<(&'a String, &'a Arc<Metric>)> {
    let part = |suffix: &&str| metrics.get_key_value(&format!("{name}{suffix}"));
    let whole = |suffix: &&str| {
        let (name, metric) = metrics.get_key_value(name.strip_suffix(*suffix)?)?;
        (metric.kind() == MetricKind::Histogram).then_some((name, metric))
    };
    let parts = if kind == MetricKind::Histogram { &SERIES_OF_A_HISTOGRAM[..] } else { &[] };
    parts.iter().find_map(part).or_else(|| SERIES_OF_A_HISTOGRAM.iter().find_map(whole))
}
