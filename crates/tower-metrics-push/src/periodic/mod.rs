//! Pushes at an interval, and a last one at the end.

mod handle;
mod report;
mod run;

pub use self::handle::{PeriodicPush, Shutdown};
