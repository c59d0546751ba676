//! A load in progress, and what comes of it.

use std::ops::Deref;
use std::sync::Arc;

use quanta::Instant;

use super::entry::Entry;
use super::model::Model;
use super::state::LoadStatus;
use crate::unwinding::Unwinding;

/// A model that is being loaded; made by [`Inference::loading`](crate::Inference::loading).
///
/// # Cancellation
///
/// Dropped before it was told how loading ended, it counts as
/// [`Cancelled`](LoadStatus::Cancelled), or as [`Error`](LoadStatus::Error) if it is dropped by a
/// panic.
#[derive(Debug)]
#[must_use = "dropping it says that loading was cancelled"]
pub struct Loading {
    entry: Arc<Entry>,
    began: Instant,
    ended: Option<LoadStatus>,
    unwinding: Unwinding,
}

impl Loading {
    pub(crate) fn new(entry: Arc<Entry>) -> Self {
        entry.begin_loading();
        Self { entry, began: Instant::now(), ended: None, unwinding: Unwinding::watch() }
    }

    /// Notes that the model is loaded.
    pub fn loaded(mut self) -> Model {
        self.ended = Some(LoadStatus::Success);
        Model::new(Arc::clone(&self.entry))
    }

    /// Notes that the model could not be loaded.
    pub fn failed(mut self) {
        self.ended = Some(LoadStatus::Error);
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        let panicked = self.unwinding.has_begun();
        let dropped = if panicked { LoadStatus::Error } else { LoadStatus::Cancelled };
        let seconds = self.began.elapsed().as_secs_f64();
        self.entry.end_loading(self.ended.unwrap_or(dropped), seconds);
    }
}

/// A loaded model: its metrics, and what loading returned.
///
/// Use it as a [`Model`].
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    model: Model,
    value: T,
}

impl<T> Loaded<T> {
    pub(crate) fn new(model: Model, value: T) -> Self {
        Self { model, value }
    }

    /// What loading returned.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Takes the metrics apart from what loading returned.
    pub fn into_parts(self) -> (Model, T) {
        (self.model, self.value)
    }
}

impl<T> Deref for Loaded<T> {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.model
    }
}
