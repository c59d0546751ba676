//! Where to listen.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// An address to listen on: a port on 127.0.0.1, unless another address is given.
///
/// ```
/// use tower_metrics_prometheus::listener::ListenAddress;
///
/// assert_eq!(ListenAddress::from(9000).to_string(), "127.0.0.1:9000");
/// assert_eq!("9000".parse(), Ok(ListenAddress::from(9000)));
/// assert_eq!("0.0.0.0:9000".parse::<ListenAddress>()?.to_string(), "0.0.0.0:9000");
/// # Ok::<(), tower_metrics_prometheus::listener::ListenAddressError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    address: SocketAddr,
}

/// Why a text is no [`ListenAddress`]: it is no port, and no IP address with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenAddressError {
    text: String,
}

impl ListenAddress {
    pub(super) fn get(self) -> SocketAddr {
        self.address
    }
}

/// A port on 127.0.0.1, which only this machine can reach.
impl From<u16> for ListenAddress {
    fn from(port: u16) -> Self {
        Self { address: (Ipv4Addr::LOCALHOST, port).into() }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self { address }
    }
}

impl<I: Into<IpAddr>> From<(I, u16)> for ListenAddress {
    fn from(address: (I, u16)) -> Self {
        Self { address: address.into() }
    }
}

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        let port = text.parse::<u16>().map(Self::from);
        port.or_else(|_| text.parse::<SocketAddr>().map(Self::from))
            .map_err(|_| ListenAddressError { text: text.to_owned() })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl fmt::Display for ListenAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot listen on {:?}: give a port, or an IP address with a port such as 0.0.0.0:9000",
            self.text
        )
    }
}

impl std::error::Error for ListenAddressError {}
