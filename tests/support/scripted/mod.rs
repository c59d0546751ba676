//! Services and bodies that do what a script says: one step each time they are polled.
//!
//! So a test decides at which poll something happens, instead of waiting for it.
//!
//! | what | does | with no step left |
//! |---|---|---|
//! | [`ScriptedService`] | starts one [`ScriptedFuture`], or panics | each further call stays pending |
//! | [`ScriptedFuture`] | [`FutureStep`]s | stays pending, and wakes nobody |
//! | [`ScriptedBody`] | [`BodyStep`]s | has ended |
//!
//! A script may go on behind its end, for callers that poll once too often. A scripted panic is
//! silent; [`catch_scripted_panic`] catches it, and no other.
//!
//! ```
//! use http::{Request, Response};
//! use tower_metrics_tests::scripted::{BodyStep, FutureStep, ScriptedBody, ScriptedService};
//! use tower_service::Service as _;
//!
//! let body = ScriptedBody::new([BodyStep::Data(5), BodyStep::Error]).with_exact_size();
//! let mut service =
//!     ScriptedService::new([FutureStep::Pending, FutureStep::Answer(Response::new(body))]);
//!
//! let mut answer = tokio_test::task::spawn(service.call(Request::new(())));
//! assert!(answer.poll().is_pending());
//! assert!(answer.is_woken());
//! assert!(answer.poll().is_ready());
//! ```

mod body;
mod panic;
mod service;
#[cfg(test)]
mod tests;

pub use body::{BodyStep, ScriptedBody};
pub use panic::{ScriptedPanic, catch_scripted_panic, scripted_panic};
pub use service::{FutureStep, ScriptedFuture, ScriptedService};

use std::fmt;

/// The error of a scripted service or body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it stays empty, and scripts name it")]
pub struct ScriptedError;

impl fmt::Display for ScriptedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the script says so")
    }
}

impl std::error::Error for ScriptedError {}
