//! How a request can end.

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

/// How a request ended: what tells the series of one method and route apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ending {
    pub(crate) status: u16,
    /// Whether there was a response, whose status this is.
    pub(crate) answered: bool,
    pub(crate) grpc: Option<GrpcStatus>,
    pub(crate) reason: Option<AbortReason>,
}

/// What is measured of a request besides its duration, all known when it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Details {
    pub(crate) time_to_first_byte_seconds: Option<f64>,
    pub(crate) request_bytes: Option<u64>,
    pub(crate) response_bytes: u64,
}
