//! Histograms, counted in place.
//!
//! The exporter that this crate builds on keeps the samples of a histogram in a list and sorts them
//! into buckets later; a sample that comes in while the list is taken is lost, and a list that
//! nobody takes grows. Here a sample goes into its bucket at once: two atomic additions, nothing to
//! lose, and nothing to clean up.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Histogram, HistogramFn, Key};
use metrics_exporter_prometheus::formatting::sanitize_label_key;
use tower_metrics_core::Buckets;

/// All series of one histogram.
#[derive(Debug)]
pub(crate) struct HistogramFamily {
    buckets: Buckets,
    series: RwLock<HashMap<SortedLabels, Arc<Series>>>,
}

/// Label names and values, which no order tells apart.
type SortedLabels = Vec<(String, String)>;

/// A series: one set of label values.
#[derive(Debug)]
struct Series {
    /// As they are rendered: `method="GET",endpoint="/"`.
    labels: String,
    edges: Buckets,
    /// How many samples fell into each bucket, the one above the last edge at the end.
    counts: Box<[AtomicU64]>,
    /// The bits of an `f64`.
    sum: AtomicU64,
}

impl HistogramFamily {
    pub(crate) fn new(buckets: Buckets) -> Self {
        Self { buckets, series: RwLock::default() }
    }

    /// The handle of the series with the labels of `key`.
    pub(crate) fn register(&self, key: &Key) -> Histogram {
        let labels = labels(key);
        let mut sorted = labels.clone();
        sorted.sort_unstable();
        let known =
            self.series.read().unwrap_or_else(PoisonError::into_inner).get(&sorted).cloned();
        let series = known.unwrap_or_else(|| {
            let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
            let make = || Arc::new(Series::new(&labels, self.buckets.clone()));
            Arc::clone(series.entry(sorted).or_insert_with(make))
        });
        Histogram::from_arc(series)
    }

    /// Writes the samples of all series, in the order of their labels.
    pub(crate) fn render(&self, name: &str, output: &mut String) {
        // Whoever registers a series does not wait for the text of the others.
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Arc<Series>> = series.values().cloned().collect();
        drop(series);
        all.sort_unstable_by(|one, other| one.labels.cmp(&other.labels));
        for series in all {
            series.render(name, output);
        }
    }
}

impl Series {
    fn new(labels: &[(String, String)], edges: Buckets) -> Self {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
        Self {
            labels: labels.join(","),
            counts: (0..=edges.edges().len()).map(|_| AtomicU64::new(0)).collect(),
            edges,
            sum: AtomicU64::new(0),
        }
    }

    fn render(&self, name: &str, output: &mut String) {
        let labels = &self.labels;
        let comma = if labels.is_empty() { "" } else { "," };
        let edges = self.edges.edges().iter().copied().chain([f64::INFINITY]);
        let mut total = 0;
        for (edge, count) in edges.zip(&self.counts) {
            total += count.load(Ordering::Relaxed);
            // Writing to a string does not fail.
            let _ = if edge.is_finite() {
                writeln!(output, "{name}_bucket{{{labels}{comma}le=\"{edge}\"}} {total}")
            } else {
                writeln!(output, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {total}")
            };
        }
        let sum = f64::from_bits(self.sum.load(Ordering::Relaxed));
        let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
        let _ = writeln!(output, "{name}_sum{open}{labels}{close} {sum}");
        let _ = writeln!(output, "{name}_count{open}{labels}{close} {total}");
    }
}

impl HistogramFn for Series {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        // A sample that is no number has no bucket, and would make the sum none for good.
        if value.is_nan() {
            return;
        }
        let bucket = self.edges.edges().iter().take_while(|edge| **edge < value).count();
        if let Some(counter) = self.counts.get(bucket) {
            counter.fetch_add(count as u64, Ordering::Relaxed);
        }
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 samples")]
        let added = value * count as f64;
        let add = |sum| Some((f64::from_bits(sum) + added).to_bits());
        // The closure never refuses, so there is always a result.
        let _ = self.sum.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

/// The labels of `key` under the names they are rendered with, each name once.
fn labels(key: &Key) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = Vec::with_capacity(key.labels().len());
    for label in key.labels() {
        let mut name = sanitize_label_key(label.key());
        // What Prometheus itself does with a label that it needs: it keeps the other under this.
        if name == "le" {
            name.insert_str(0, "exported_");
        }
        if !labels.iter().any(|(known, _)| *known == name) {
            labels.push((name, label.value().to_owned()));
        }
    }
    labels
}

/// Escapes a label value as the text format asks.
fn escape(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use std::thread::ScopedJoinHandle;

    use metrics::Label;

    use super::*;

    fn family() -> HistogramFamily {
        HistogramFamily::new(Buckets::new([1.0, 2.5]).unwrap())
    }

    fn render(family: &HistogramFamily) -> String {
        let mut output = String::new();
        family.render("a", &mut output);
        output
    }

    /// An edge belongs to the bucket below it; what is above all edges is in `+Inf` alone.
    #[test]
    fn samples_fall_into_their_buckets() {
        let family = family();
        let histogram = family.register(&Key::from_name("a"));
        for value in [-1.0, 1.0, 1.5, 2.5, 3.0, f64::NAN] {
            histogram.record(value);
        }
        histogram.record_many(2.0, 3);
        assert_eq!(
            render(&family),
            "a_bucket{le=\"1\"} 2\na_bucket{le=\"2.5\"} 7\na_bucket{le=\"+Inf\"} 8\n\
             a_sum 13\na_count 8\n"
        );
    }

    /// The order in which labels are given makes no second series.
    #[test]
    fn labels_are_a_set() {
        let family = family();
        let label = |name: &'static str, value: &'static str| Label::new(name, value);
        let key = |labels: Vec<Label>| Key::from_parts("a", labels);
        family.register(&key(vec![label("x", "1"), label("y", "2")])).record(1.0);
        family.register(&key(vec![label("y", "2"), label("x", "1")])).record(1.0);
        family.register(&key(vec![label("le", "\"\\\n")])).record(1.0);
        let counts: Vec<String> = render(&family)
            .lines()
            .filter(|line| line.starts_with("a_count"))
            .map(str::to_owned)
            .collect();
        assert_eq!(
            counts,
            ["a_count{exported_le=\"\\\"\\\\\\n\"} 1", "a_count{x=\"1\",y=\"2\"} 2"]
        );
    }

    /// Nothing is lost between threads that record while others render.
    #[test]
    fn no_sample_is_lost_to_a_rendering() {
        let family = family();
        let histogram = family.register(&Key::from_name("a"));
        std::thread::scope(|scope| {
            let recorders: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| (0..50_000).for_each(|_| histogram.record(1.0))))
                .collect();
            while !recorders.iter().all(ScopedJoinHandle::is_finished) {
                assert!(render(&family).contains("a_count"));
            }
        });
        assert!(render(&family).ends_with("a_sum 100000\na_count 100000\n"));
    }
}
