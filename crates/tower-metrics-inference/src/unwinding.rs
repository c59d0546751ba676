//! Whether a panic ended something.

use std::thread;

/// Tells its owner, when that is dropped, whether a panic drops it.
///
/// A panic that was under way before is not meant: it ends nothing that a destructor does meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unwinding {
    before: bool,
}

impl Unwinding {
    /// Begins to watch; to be kept by what may be dropped.
    pub(crate) fn watch() -> Self {
        Self { before: thread::panicking() }
    }

    /// Whether a panic is under way that was not at the beginning.
    pub(crate) fn has_begun(self) -> bool {
        thread::panicking() && !self.before
    }
}
