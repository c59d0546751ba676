//! Why nothing could be pushed to a gateway as it was described.

use std::{error, fmt};

/// Why a [`PushGateway`](crate::PushGateway) cannot be built.
///
/// No text of it holds the URL or a secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum PushGatewayError {
    /// The URL is not that of a gateway.
    InvalidUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no job name; see [`with_job`](crate::PushGateway::with_job).
    MissingJob,
    /// The name of a grouping label cannot be that of one.
    InvalidGrouping {
        /// The label's name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The user name, or the token, cannot be sent.
    InvalidCredentials {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name of a header is none.
    InvalidHeaderName,
    /// A header cannot be sent.
    InvalidHeader {
        /// The header's name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A certificate cannot be trusted as a root.
    InvalidCertificate {
        /// What is wrong with it.
        reason: Box<dyn error::Error + Send + Sync>,
    },
    /// No certificate is trusted, so no gateway would be, neither the system's nor an added one.
    NoRootCertificate,
}

impl PushGatewayError {
    pub(crate) fn url(reason: &'static str) -> Self {
        Self::InvalidUrl { reason }
    }

    pub(crate) fn credentials(reason: &'static str) -> Self {
        Self::InvalidCredentials { reason }
    }
}

impl fmt::Display for PushGatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidUrl { reason } => {
                return write!(
                    f,
                    "the gateway's URL is not usable: {reason}; it looks like http://host:9091"
                );
            }
            Self::MissingJob => "a job name is required; set one with `with_job`",
            Self::InvalidGrouping { name, reason } => {
                return write!(f, "grouping label {name:?} is not usable: {reason}");
            }
            Self::InvalidCredentials { reason } => {
                return write!(f, "the credentials are not usable: {reason}");
            }
            Self::InvalidHeaderName => {
                "a header's name is not usable; it has letters, digits and `-`"
            }
            Self::InvalidHeader { name, reason } => {
                return write!(f, "header {name:?} is not usable: {reason}");
            }
            Self::InvalidCertificate { .. } => "a root certificate is not usable",
            Self::NoRootCertificate => {
                "no root certificate is trusted: the system has none, or they are switched off; \
                 add one with `with_root_certificates`"
            }
        })
    }
}

impl error::Error for PushGatewayError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::InvalidCertificate { reason } => Some(&**reason),
            _ => None,
        }
    }
}
