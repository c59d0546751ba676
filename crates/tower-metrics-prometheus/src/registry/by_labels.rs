//! The series of one metric.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::Key;

use crate::exposition;

/// The series of one metric by their labels, as they are rendered: `method="GET",endpoint="/"`.
#[derive(Debug)]
pub(crate) struct ByLabels<S> {
    series: RwLock<BTreeMap<Arc<str>, Arc<S>>>,
}

impl<S> Default for ByLabels<S> {
    fn default() -> Self {
        Self { series: RwLock::default() }
    }
}

impl<S> ByLabels<S> {
    /// The series with the labels of `key`, made on first sight.
    pub(super) fn get_or_insert_with(&self, key: &Key, make: impl FnOnce() -> S) -> Arc<S> {
        let mut labels = String::new();
        let pairs = key.labels().map(|label| (label.key(), label.value()));
        exposition::push_labels(&mut labels, pairs);

        let known =
            self.series.read().unwrap_or_else(PoisonError::into_inner).get(&*labels).cloned();
        known.unwrap_or_else(|| {
            let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(series.entry(labels.into()).or_insert_with(|| Arc::new(make())))
        })
    }

    /// All series, in the order of their labels.
    pub(crate) fn all(&self) -> Vec<(Arc<str>, Arc<S>)> {
        // Whoever registers a series does not wait for the text of the others.
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        series.iter().map(|(labels, series)| (Arc::clone(labels), Arc::clone(series))).collect()
    }
}
