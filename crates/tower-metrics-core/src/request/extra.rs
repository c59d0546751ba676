//! Label values that the middleware finds in a request and its response.

use std::sync::Arc;

use super::source::Source;

/// The values of the extra labels of one request; see
/// [`Rules::request_labels`](super::Rules::request_labels).
#[derive(Clone, Debug, Default)]
pub struct ExtraLabels {
    /// None if there are no such labels.
    values: Option<Box<[Arc<str>]>>,
}

impl ExtraLabels {
    pub(super) fn new(source: &Source) -> Self {
        let (labels, empty) = (&source.settings().extra_labels, Arc::<str>::default());
        let values = || labels.iter().map(|_| Arc::clone(&empty)).collect();
        Self { values: (!labels.is_empty()).then(values) }
    }

    /// Sets the value of the label `index`, or the overflow value if its label is at its limit.
    pub(super) fn set(&mut self, source: &Source, index: usize, value: &str) {
        if let Some(place) = self.values.as_mut().and_then(|values| values.get_mut(index))
            && let Some(value) = source.admit_label(index, value)
        {
            *place = value;
        }
    }

    #[inline]
    pub(super) fn values(&self) -> &[Arc<str>] {
        self.values.as_deref().unwrap_or_default()
    }

    #[inline]
    pub(super) fn is_none(&self) -> bool {
        self.values.is_none()
    }
}
