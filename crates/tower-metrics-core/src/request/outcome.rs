//! How a request can end.

use std::fmt;
use std::num::NonZero;

use crate::labels::GrpcStatus;

/// Why a request did not end well: the value of the `reason` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AbortReason {
    /// Dropped before there was a response: the client went away, or an outer timeout fired.
    Cancelled,
    /// The service, or the response's body, panicked.
    Panic,
    /// The service returned `Err`.
    ServiceError,
    /// The response's body returned `Err`.
    BodyError,
    /// The response's body was dropped before its end.
    BodyDropped,
}

impl AbortReason {
    const ALL: [Self; 5] =
        [Self::Cancelled, Self::Panic, Self::ServiceError, Self::BodyError, Self::BodyDropped];

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Panic => "panic",
            Self::ServiceError => "service_error",
            Self::BodyError => "body_error",
            Self::BodyDropped => "body_dropped",
        }
    }

    /// The status to count when the request ended without a response: 499 (nginx' "client closed
    /// request") for what nobody waited for, else 500.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Cancelled | Self::BodyDropped => 499,
            Self::Panic | Self::ServiceError | Self::BodyError => 500,
        }
    }
}

/// How a request ended: what tells the series of one method and route apart. One number, since it is
/// compared for every request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending(NonZero<u32>);

impl Ending {
    /// Whether there was a response; the half below is the status.
    const ANSWERED: NonZero<u32> = NonZero::new(1 << 16).unwrap();
    /// Or not, so that no ending is 0.
    const UNANSWERED: NonZero<u32> = NonZero::new(1 << 17).unwrap();
    /// The number of a reason, from 1 on.
    const REASON: u32 = 18;
    /// A status of gRPC, from 1 on.
    const GRPC: u32 = 24;

    /// With a response of this status.
    #[inline]
    pub(crate) fn answered(status: u16) -> Self {
        Self(Self::ANSWERED | u32::from(status))
    }

    /// Without a response; counted under this status.
    pub(crate) fn unanswered(status: u16) -> Self {
        Self(Self::UNANSWERED | u32::from(status))
    }

    /// Not well.
    pub(crate) fn with_reason(self, reason: AbortReason) -> Self {
        Self(self.0 | (reason as u32 + 1) << Self::REASON)
    }

    pub(crate) fn with_grpc(self, status: GrpcStatus) -> Self {
        Self(self.0 | (u32::from(status.code()) + 1) << Self::GRPC)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is the status")]
    pub(crate) fn status(self) -> u16 {
        self.0.get() as u16
    }

    /// Whether there was a response, whose status this is.
    pub(crate) fn is_answered(self) -> bool {
        self.0.get() & Self::ANSWERED.get() != 0
    }

    /// Why it did not end well, if it did not.
    pub(crate) fn reason(self) -> Option<AbortReason> {
        let number = (self.0.get() >> Self::REASON) & 0x3f;
        AbortReason::ALL.into_iter().find(|reason| *reason as u32 + 1 == number)
    }

    /// The code of gRPC, if it is known.
    pub(crate) fn grpc_code(self) -> Option<u32> {
        (self.0.get() >> Self::GRPC).checked_sub(1)
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending")
            .field("status", &self.status())
            .field("answered", &self.is_answered())
            .field("reason", &self.reason())
            .field("grpc", &self.grpc_code())
            .finish()
    }
}

/// What is measured of a request besides its duration, all known when it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details {
    pub(crate) time_to_first_byte_seconds: Option<f64>,
    pub(crate) request_bytes: Option<u64>,
    pub(crate) response_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing that tells two endings apart gets lost in the number, nor in the way of the rest.
    #[test]
    fn an_ending_is_what_it_was_made_of() {
        let grpc = || (0..=16).map(|code| GrpcStatus::from_bytes(code.to_string().as_bytes()));
        for (plain, status, is_answered) in [
            (Ending::answered(100), 100, true),
            (Ending::answered(999), 999, true),
            (Ending::unanswered(499), 499, false),
            (Ending::unanswered(0), 0, false),
        ] {
            assert_eq!((plain.reason(), plain.grpc_code()), (None, None));
            for reason in AbortReason::ALL {
                for grpc in grpc() {
                    let ending = plain.with_reason(reason).with_grpc(grpc);
                    assert_eq!(ending.status(), status);
                    assert_eq!(ending.is_answered(), is_answered);
                    assert_eq!(ending.reason(), Some(reason));
                    assert_eq!(ending.grpc_code(), Some(grpc.code().into()));
                }
            }
        }
    }
}
