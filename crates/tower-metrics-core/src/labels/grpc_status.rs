//! The `grpc_status` label.

/// A gRPC status code as a label value: 0 to 16, as the [gRPC specification] lists them.
///
/// [gRPC specification]: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GrpcStatus(u8);

impl GrpcStatus {
    /// The header or trailer in which gRPC tells it.
    pub const HEADER: &'static str = "grpc-status";

    /// The code the specification prescribes for codes that are not in its list.
    pub const UNKNOWN: Self = Self(2);

    /// Reads a `grpc-status` header or trailer; whatever is no listed code is
    /// [`UNKNOWN`](Self::UNKNOWN).
    pub fn from_bytes(value: &[u8]) -> Self {
        std::str::from_utf8(value)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .filter(|code| *code <= 16)
            .map_or(Self::UNKNOWN, Self)
    }

    /// The code, 0 to 16.
    pub const fn code(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server cannot widen the label by inventing codes.
    #[test]
    fn codes_outside_the_list_are_unknown() {
        assert_eq!(GrpcStatus::from_bytes(b"0").code(), 0);
        assert_eq!(GrpcStatus::from_bytes(b"16").code(), 16);
        for odd in [&b"17"[..], b"-1", b"", b"ok", b"\xff", b"999999"] {
            assert_eq!(GrpcStatus::from_bytes(odd), GrpcStatus::UNKNOWN);
        }
    }
}
