//! The handle to a closure.

use std::fmt;

/// Keeps a closure with its backend; dropping it takes the closure, and its series, away.
///
/// A rendering that is under way on another thread may call the closure once more.
#[must_use = "dropping it ends the observation; `detach` lets it go on"]
pub struct Observation {
    end: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Observation {
    /// Runs `end` when it is dropped. For backends.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { end: Some(Box::new(end)) }
    }

    /// An observation that nobody makes, as with a recorder that does not tell when it is read.
    pub fn never() -> Self {
        Self { end: None }
    }

    /// Lets the observation go on for as long as its backend lives.
    pub fn detach(mut self) {
        self.end = None;
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end();
        }
    }
}

impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observation").finish_non_exhaustive()
    }
}
