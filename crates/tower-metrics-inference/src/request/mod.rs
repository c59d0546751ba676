//! One request: who owns it, how it ends, and how it is counted then.

mod exchange;
mod guard;
mod observe;
mod outcome;
mod queued;
#[cfg(feature = "timeout")]
mod timeout;

pub use self::exchange::Exchange;
pub use self::guard::InferenceRequest;
pub use self::observe::Observe;
pub use self::outcome::{FinishReason, Outcome, OutcomeFn, Status};
pub use self::queued::Queued;
#[cfg(feature = "timeout")]
pub use self::timeout::{ObserveWithTimeout, TimeoutError};
