//! Counters.

use std::sync::Arc;

use metrics::{CounterFn, Key};

use super::by_labels::ByLabels;
use super::cells::{Cells, Own, OwnCells, Write as _};
use super::metric::Scalar;

/// All series of one counter.
#[derive(Debug)]
pub(crate) struct CounterFamily {
    cells: Arc<Cells>,
    series: ByLabels<CounterSeries>,
}

impl CounterFamily {
    pub(super) fn new(cells: &Arc<Cells>) -> Self {
        Self { cells: Arc::clone(cells), series: ByLabels::default() }
    }

    /// The series with the labels of `key`.
    pub(super) fn series(&self, key: &Key) -> Arc<CounterSeries> {
        self.series.get_or_insert_with(key, || CounterSeries::new(Arc::clone(&self.cells)))
    }

    /// All values as Rust writes them, in the order of their labels.
    pub(crate) fn values(&self) -> Vec<Scalar> {
        let value = |series: Arc<CounterSeries>| series.value().to_string();
        self.series.all().into_iter().map(|(labels, series)| (labels, value(series))).collect()
    }
}

/// A counter: one set of label values.
#[derive(Debug)]
pub(super) struct CounterSeries {
    cells: Arc<Cells>,
    number: usize,
}

impl CounterSeries {
    fn new(cells: Arc<Cells>) -> Self {
        Self { number: cells.allocate(1), cells }
    }

    fn value(&self) -> u64 {
        self.cells.sum(self.number)
    }

    /// The number in the copy of the thread whose place this is, if it has one.
    pub(super) fn own(&self, place: usize) -> Option<OwnCells> {
        self.cells.own_cells(place, self.number, 1)
    }

    /// Adds 1.
    #[inline]
    pub(super) fn count(&self, own: &Own<'_>) {
        own.add(self.number, 1);
    }
}

impl CounterFn for CounterSeries {
    fn increment(&self, value: u64) {
        self.cells.own().add(self.number, value);
    }

    fn absolute(&self, value: u64) {
        self.cells.raise(self.number, value);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// A counter that mirrors another follows it, and never goes back.
    #[test]
    fn a_counter_is_raised_to_what_it_mirrors() {
        let counter = CounterSeries::new(Arc::default());
        let value_after = |change: &(dyn Fn() + Sync)| {
            thread::scope(|scope| scope.spawn(change).join().unwrap());
            counter.value()
        };
        assert_eq!(value_after(&|| counter.increment(5)), 5);
        assert_eq!(value_after(&|| counter.absolute(3)), 5);
        assert_eq!(value_after(&|| counter.absolute(9)), 9);
        assert_eq!(value_after(&|| counter.increment(1)), 10);
    }
}
