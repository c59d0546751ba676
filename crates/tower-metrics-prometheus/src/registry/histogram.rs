//! Histograms, counted in place.
//!
//! `metrics-exporter-prometheus` keeps the samples of a histogram in a list and sorts them into
//! buckets later; a sample that comes in while the list is taken is lost, and a list that
//! nobody takes grows. Here a sample goes into its bucket at once: two additions, nothing to lose,
//! and nothing to clean up.

use std::fmt;
use std::sync::Arc;

use metrics::{HistogramFn, Key};
use tower_metrics_core::Buckets;

use super::by_labels::ByLabels;
use super::cells::{Cells, Own, OwnCells, Write};
use crate::exposition;

/// All series of one histogram.
#[derive(Debug)]
pub(crate) struct HistogramFamily {
    cells: Arc<Cells>,
    edges: Arc<[f64]>,
    series: ByLabels<Series>,
}

/// A series: one set of label values.
#[derive(Debug)]
pub(crate) struct Series {
    cells: Arc<Cells>,
    /// The sum; how many samples fell into each bucket is [`BUCKETS`] behind it, the one above the
    /// last edge at the end.
    sum: usize,
    edges: Arc<[f64]>,
}

const BUCKETS: usize = 1;

/// A series as one thread counts it.
#[derive(Debug)]
pub(super) struct OwnSamples {
    cells: OwnCells,
    edges: Arc<[f64]>,
}

impl HistogramFamily {
    pub(super) fn new(cells: &Arc<Cells>, buckets: &Buckets) -> Self {
        let (cells, edges) = (Arc::clone(cells), buckets.edges().into());
        Self { cells, edges, series: ByLabels::default() }
    }

    /// The series with the labels of `key`.
    pub(super) fn one(&self, key: &Key) -> Arc<Series> {
        self.series.get_or_insert_with(key, || self.new_series())
    }

    fn new_series(&self) -> Series {
        let (cells, edges) = (Arc::clone(&self.cells), Arc::clone(&self.edges));
        Series { sum: cells.allocate(edges.len() + 2), cells, edges }
    }

    /// All series with their labels, in the order of these.
    pub(crate) fn series(&self) -> Vec<(Arc<str>, Arc<Series>)> {
        self.series.all()
    }
}

impl Series {
    /// How many samples there are in each bucket.
    fn counts(&self) -> impl Iterator<Item = u64> {
        (0..=self.edges.len()).map(|bucket| self.cells.sum(self.sum + BUCKETS + bucket))
    }

    /// How many samples it has.
    pub(crate) fn count(&self) -> u64 {
        self.counts().sum()
    }

    /// Writes its samples.
    pub(crate) fn write(
        &self,
        name: &str,
        labels: &str,
        output: &mut impl fmt::Write,
    ) -> fmt::Result {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut total = 0;
        let mut edges = self.edges.iter();
        for count in self.counts() {
            total += count;
            match edges.next() {
                Some(edge) => {
                    writeln!(output, "{name}_bucket{{{labels}{comma}le=\"{edge}\"}} {total}")
                }
                None => writeln!(output, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {total}"),
            }?;
        }
        let sum = self.cells.sum_f64(self.sum).to_string();
        exposition::write_sample(output, (name, "_sum"), labels, &sum)?;
        exposition::write_sample(output, (name, "_count"), labels, &total.to_string())
    }
}

impl Series {
    /// Adds samples of one value.
    #[inline]
    pub(super) fn add(&self, own: &Own<'_>, value: f64, count: usize) {
        add(own, self.sum, &self.edges, value, count);
    }

    /// The numbers in the copy of the thread whose place this is, if it has one.
    pub(super) fn own(&self, place: usize) -> Option<OwnSamples> {
        let cells = self.cells.own_cells(place, self.sum, self.edges.len() + 2)?;
        Some(OwnSamples { cells, edges: Arc::clone(&self.edges) })
    }
}

impl OwnSamples {
    /// Adds a sample.
    #[inline]
    pub(super) fn add(&self, value: f64) {
        add(&self.cells, 0, &self.edges, value, 1);
    }
}

/// Adds samples of one value to the numbers from `sum` on.
#[inline]
fn add(cells: &impl Write, sum: usize, edges: &[f64], value: f64, count: usize) {
    // A sample that is no number has no bucket, and would make the sum none for good.
    if value.is_nan() {
        return;
    }
    let bucket = edges.iter().take_while(|edge| **edge < value).count();
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 samples")]
    let added = value * count as f64;
    cells.add(sum + BUCKETS + bucket, count as u64);
    cells.add_f64(sum, added);
}

impl HistogramFn for Series {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.add(&self.cells.own(), value, count);
    }
}

#[cfg(test)]
mod tests {
    use std::thread::ScopedJoinHandle;

    use metrics::{Histogram, Label};

    use super::*;

    impl HistogramFamily {
        fn register(&self, key: &Key) -> Histogram {
            Histogram::from_arc(self.one(key))
        }
    }

    fn family() -> HistogramFamily {
        HistogramFamily::new(&Arc::default(), &Buckets::new([1.0, 2.5]).unwrap())
    }

    fn register(family: &HistogramFamily, labels: Vec<Label>) -> Histogram {
        family.register(&Key::from_parts("a", labels))
    }

    fn render(family: &HistogramFamily) -> String {
        let mut output = String::new();
        for (labels, series) in family.series() {
            series.write("a", &labels, &mut output).unwrap();
        }
        output
    }

    /// An edge belongs to the bucket below it; what is above all edges is in `+Inf` alone.
    #[test]
    fn samples_fall_into_their_buckets() {
        let family = family();
        let histogram = register(&family, Vec::new());
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

    /// Values are escaped, labels come before `le`, and an infinite sum is written as the format
    /// writes it.
    #[test]
    fn series_are_written_as_the_format_says() {
        let family = family();
        register(&family, vec![Label::new("x", "\"\\\n")]).record(f64::INFINITY);
        assert_eq!(
            render(&family),
            "a_bucket{x=\"\\\"\\\\\\n\",le=\"1\"} 0\n\
             a_bucket{x=\"\\\"\\\\\\n\",le=\"2.5\"} 0\n\
             a_bucket{x=\"\\\"\\\\\\n\",le=\"+Inf\"} 1\n\
             a_sum{x=\"\\\"\\\\\\n\"} +Inf\n\
             a_count{x=\"\\\"\\\\\\n\"} 1\n"
        );
    }

    /// Nothing is lost between threads that record while others render.
    #[test]
    fn no_sample_is_lost_to_a_rendering() {
        let family = family();
        let histogram = register(&family, Vec::new());
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
