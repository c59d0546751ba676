//! Why a listener could not be had.

use std::net::SocketAddr;
use std::{fmt, io};

/// Why a listener could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum ListenError {
    /// Another program, or another listener, has the port.
    AddressInUse {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The address cannot be listened on for another reason.
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The listener's thread, or the runtime on it, could not be started.
    Thread(io::Error),
}

impl ListenError {
    pub(super) fn bind(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse { address, source },
            _ => Self::Bind { address, source },
        }
    }

    /// Whether the port is taken.
    pub fn is_address_in_use(&self) -> bool {
        matches!(self, Self::AddressInUse { .. })
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse { address, .. } => write!(
                f,
                "port {} on {} is in use; stop the program that has it, or choose another port: \
                 0 takes any that is free",
                address.port(),
                address.ip()
            ),
            Self::Bind { address, .. } => write!(f, "the address {address} cannot be listened on"),
            Self::Thread(_) => f.write_str("the listener's thread could not be started"),
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::AddressInUse { source, .. }
            | Self::Bind { source, .. }
            | Self::Thread(source) => Some(source),
        }
    }
}
