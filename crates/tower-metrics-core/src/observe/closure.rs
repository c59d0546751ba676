//! The closure that reads values.

use std::fmt;
use std::sync::Arc;

use super::observer::Observer;

/// A closure that reads values; [`Backend::observe`](crate::Backend::observe) says when it is
/// called. Cheap to clone.
#[derive(Clone)]
pub struct ObserveFn {
    read: Arc<dyn Fn(&mut Observer<'_>) + Send + Sync>,
    labels: Option<Arc<[(String, String)]>>,
}

impl ObserveFn {
    /// A closure that gives any series of the metrics that it is handed over with.
    pub fn new(read: impl Fn(&mut Observer<'_>) + Send + Sync + 'static) -> Self {
        Self { read: Arc::new(read), labels: None }
    }

    /// A closure that gives one series of its metric: the one with these labels.
    pub(super) fn of_series(
        labels: Arc<[(String, String)]>,
        read: impl Fn(&mut Observer<'_>) + Send + Sync + 'static,
    ) -> Self {
        Self { read: Arc::new(read), labels: Some(labels) }
    }

    /// Reads the values. For backends.
    pub fn call(&self, observer: &mut Observer<'_>) {
        (self.read)(observer);
    }

    /// The labels of the only series that it gives, if it is
    /// [that of one](super::BackendExt::gauge_fn). For backends.
    pub fn labels(&self) -> Option<&[(String, String)]> {
        self.labels.as_deref()
    }
}

impl fmt::Debug for ObserveFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObserveFn").field("labels", &self.labels).finish_non_exhaustive()
    }
}
