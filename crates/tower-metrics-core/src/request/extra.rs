//! Label values that the middleware finds in a request and its response.

use std::sync::Arc;

use super::source::Source;

/// The values of the extra labels of one request; see
/// [`Rules::request_labels`](super::Rules::request_labels).
#[derive(Clone, Debug, Default)]
pub struct ExtraLabels {
    values: Box<[Arc<str>]>,
}

impl ExtraLabels {
    pub(super) fn new(source: &Source) -> Self {
        if source.settings().extra_labels.is_empty() {
            return Self::default();
        }
        let empty: Arc<str> = Arc::default();
        Self { values: source.settings().extra_labels.iter().map(|_| Arc::clone(&empty)).collect() }
    }

    /// Sets the value of the label `index`, or the overflow value if its label is at its limit.
    pub(super) fn set(&mut self, source: &Source, index: usize, value: &str) {
        if let Some(place) = self.values.get_mut(index)
            && let Some(value) = source.admit_label(index, value)
        {
            *place = value;
        }
    }

    #[inline]
    pub(super) fn values(&self) -> &[Arc<str>] {
        &self.values
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
