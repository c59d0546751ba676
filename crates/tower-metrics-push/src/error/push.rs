//! Why a push failed.

use std::time::Duration;
use std::{error, fmt, io};

use tower_metrics_prometheus::RenderError;

/// Why a push failed, after all its attempts: the error of the last one.
///
/// No text of it holds a secret. What was recorded is still there, and goes with the next push.
#[derive(Debug)]
#[non_exhaustive]
pub enum PushError {
    /// No connection to the gateway was made: its name is unknown, or it refused.
    Connect {
        /// Host and port.
        address: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The gateway's certificate is not trusted, or it does not speak TLS.
    Tls {
        /// Host and port.
        address: String,
        /// What TLS says.
        source: io::Error,
    },
    /// The connection broke, or what came over it was no HTTP.
    Interrupted {
        /// What HTTP says.
        source: Box<dyn error::Error + Send + Sync>,
    },
    /// There was no answer in time.
    Timeout {
        /// How long the last attempt was given.
        after: Duration,
    },
    /// The gateway, or a proxy before it, answered that it did not take the metrics.
    Refused {
        /// The status code: 400 for metrics it does not accept, 401 for wrong credentials.
        status: u16,
        /// What it says, at most 8 KiB of it.
        text: String,
    },
    /// The exporter could not render.
    Rendering(RenderError),
    /// The thread that pushes could not be started, or it panicked.
    Thread(io::Error),
}

impl PushError {
    /// Whether there was no answer in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout { .. })
    }

    /// Whether no connection to the gateway was made.
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Connect { .. })
    }

    /// Whether the gateway's certificate is not trusted, or it does not speak TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls { .. })
    }

    /// The status code, if the gateway has refused.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same push may succeed later, as after lost connections, timeouts and answers of
    /// 500 and above. Only these are tried again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Interrupted { .. } | Self::Timeout { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::Tls { .. } | Self::Rendering(_) | Self::Thread(_) => false,
        }
    }

    pub(crate) fn panicked() -> Self {
        Self::Thread(io::Error::other("the thread panicked"))
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { address, .. } => {
                write!(
                    f,
                    "the Pushgateway at {address} cannot be reached; is it running, and is this \
                     its address?"
                )
            }
            Self::Tls { address, .. } => write!(f, "TLS with the Pushgateway at {address} failed"),
            Self::Interrupted { .. } => f.write_str("the exchange with the Pushgateway failed"),
            Self::Timeout { after } => {
                write!(
                    f,
                    "the Pushgateway had not taken the metrics within {after:?}; `with_timeout` \
                     gives it longer"
                )
            }
            Self::Refused { status: status @ 300..400, .. } => {
                write!(f, "the Pushgateway answered {status}; redirects are not followed")
            }
            Self::Refused { status: status @ (404 | 405), text } => write!(
                f,
                "the Pushgateway answered {status}: {text}; is it one, and is the path of its URL \
                 right?"
            ),
            Self::Refused { status, text } => {
                write!(f, "the Pushgateway answered {status}: {text}")
            }
            Self::Rendering(_) => f.write_str("nothing could be pushed"),
            Self::Thread(_) => f.write_str("the thread that pushes could not do its work"),
        }
    }
}

impl error::Error for PushError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Connect { source, .. } | Self::Tls { source, .. } | Self::Thread(source) => {
                Some(source)
            }
            Self::Interrupted { source } => Some(&**source),
            Self::Rendering(source) => Some(source),
            Self::Timeout { .. } | Self::Refused { .. } => None,
        }
    }
}
