//! One request: who owns it, how it ends, and how it is counted then.

mod exchange;
mod future;
mod guard;
mod outcome;
mod queued;
#[cfg(feature = "timeout")]
mod timeout;

pub use self::exchange::Exchange;
pub use self::future::RequestFuture;
pub use self::guard::InferenceRequest;
pub use self::outcome::{FinishReason, OutcomeFn, RequestOutcome, Status};
pub use self::queued::Queued;
#[cfg(feature = "timeout")]
pub use self::timeout::{TimeoutError, TimeoutFuture};
