//! Says each thing once.

use std::sync::atomic::{AtomicU8, Ordering};

/// What can be wrong with how something is used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    Kind,
    Name,
    Label,
    Series,
    Sample,
    Panic,
}

/// Which troubles were logged: they repeat with every use, or every scrape.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    made: AtomicU8,
}

impl Reports {
    /// Whether this is the first time.
    pub(crate) fn is_first(&self, trouble: Trouble) -> bool {
        let bit = 1 << trouble as u8;
        self.made.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }
}
