//! Why nothing could be said.

use std::time::Duration;
use std::{fmt, io};

use metrics_doctor::ParseError;

/// Why the program could not do what it was asked.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line names no source.
    NoSource,
    /// The command line holds an argument that means nothing here.
    UnexpectedArgument(String),
    /// An option has no value, or one that makes no sense.
    BadValue { option: &'static str, wants: &'static str },
    /// There is no rule of that name.
    UnknownRule(String),
    /// An option that only a URL has a use for.
    NeedsUrl(&'static str),
    /// A URL that nothing can be read from. It is not shown: it may hold a password.
    Url(&'static str),
    /// No runtime could be made.
    Runtime(io::Error),
    /// A file, or stdin, could not be read.
    Read { name: String, source: io::Error },
    /// No connection was made.
    Connect { address: String, source: io::Error },
    /// The certificate is not trusted, or the server does not speak TLS.
    Tls { address: String, source: io::Error },
    /// The connection broke, or what came over it was no HTTP.
    Interrupted(Box<dyn std::error::Error + Send + Sync>),
    /// There was no whole answer in time.
    Timeout(Duration),
    /// The answer is no success.
    Status(u16),
    /// The answer is compressed, which was not asked for.
    Encoded(String),
    /// There is more than any exposition should be.
    TooLong { limit: usize },
    /// The text is no UTF-8.
    NotUtf8,
    /// The text is not well formed.
    Malformed { content_type: Option<String>, source: ParseError },
}

impl Error {
    /// Whether it is the command line that is wrong.
    pub(crate) fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoSource
                | Self::UnexpectedArgument(_)
                | Self::BadValue { .. }
                | Self::UnknownRule(_)
                | Self::NeedsUrl(_)
                | Self::Url(_)
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSource => write!(f, "no URL and no file is given"),
            Self::UnexpectedArgument(argument) => write!(f, "unexpected argument `{argument}`"),
            Self::BadValue { option, wants } => write!(f, "`{option}` wants {wants}"),
            Self::UnknownRule(name) => write!(f, "there is no rule `{name}`"),
            Self::NeedsUrl(option) => write!(f, "`{option}` needs a URL to read from"),
            Self::Url(reason) => write!(f, "the URL cannot be used: {reason}"),
            Self::Runtime(source) => write!(f, "no runtime: {source}"),
            Self::Read { name, source } => write!(f, "cannot read {name}: {source}"),
            Self::Connect { address, source } => write!(f, "cannot connect to {address}: {source}"),
            Self::Tls { address, source } => write!(f, "no TLS with {address}: {source}"),
            Self::Interrupted(source) => write!(f, "the HTTP exchange failed: {source}"),
            Self::Timeout(after) => write!(f, "no whole answer within {after:?}"),
            Self::Status(status) => {
                let hint = match status {
                    401 | 403 => "; credentials go in `--header`",
                    404 => "; nothing serves metrics there",
                    _ => "",
                };
                write!(f, "the answer is {status}, not 200{hint}")
            }
            Self::Encoded(encoding) => {
                write!(f, "the answer is in the encoding `{}`", encoding.escape_debug())
            }
            Self::TooLong { limit } => write!(f, "there are more than {limit} bytes"),
            Self::NotUtf8 => write!(f, "it is no UTF-8"),
            Self::Malformed { content_type: Some(content_type), source } => {
                let content_type = content_type.escape_debug();
                write!(f, "`{content_type}` is not the Prometheus text format: {source}")
            }
            Self::Malformed { content_type: None, source } => {
                write!(f, "not the Prometheus text format: {source}")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Runtime(source)
            | Self::Read { source, .. }
            | Self::Connect { source, .. }
            | Self::Tls { source, .. } => Some(source),
            Self::Interrupted(source) => Some(&**source),
            Self::Malformed { source, .. } => Some(source),
            _ => None,
        }
    }
}
