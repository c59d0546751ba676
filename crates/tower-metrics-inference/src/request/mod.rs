//! One request: who owns it, how it ends, and how it is counted then.

mod exchange;
pub(crate) mod future;
pub(crate) mod guard;
pub(crate) mod outcome;
pub(crate) mod queued;
#[cfg(feature = "timeout")]
pub(crate) mod timeout;

pub use self::exchange::Exchange;
pub(crate) use self::future::RequestFuture;
pub(crate) use self::guard::InferenceRequest;
pub use self::outcome::OutcomeFn;
pub(crate) use self::outcome::{FinishReason, RequestOutcome, Status};
pub(crate) use self::queued::Queued;
