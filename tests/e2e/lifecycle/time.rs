//! Time that passes only where a test says so.
//!
//! The layer reads the clock of the crate `quanta`, which lets a thread put another in its place.

use std::sync::Arc;
use std::time::Duration;

use quanta::{Clock, Mock};

/// A clock that stands still.
pub(super) struct Time {
    mock: Arc<Mock>,
}

/// Runs a test in which time stands still; layers must be built inside.
pub(super) fn with_time(test: impl FnOnce(&Time)) {
    let (clock, mock) = Clock::mock();
    quanta::with_clock(&clock, || test(&Time { mock }));
}

impl Time {
    pub(super) fn pass(&self, seconds: u64) {
        self.mock.increment(Duration::from_secs(seconds));
    }
}
