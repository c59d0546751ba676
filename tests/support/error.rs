//! Why a helper could not do its work.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::exposition::ParseError;

/// Why a helper could not do its work.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A program could not be started, signalled or waited for.
    #[non_exhaustive]
    Program {
        /// The program's name.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A program ended, or closed its output, before what was waited for.
    #[non_exhaustive]
    Ended {
        /// The program's name.
        name: String,
        /// What it had printed by then.
        output: String,
    },
    /// Something did not become true in time.
    #[non_exhaustive]
    TimedOut {
        /// What was waited for.
        what: String,
        /// For how long.
        after: Duration,
    },
    /// A program of this workspace does not build.
    #[non_exhaustive]
    Build {
        /// The package of the program.
        package: String,
        /// What Cargo printed.
        output: String,
    },
    /// A URL is malformed, or names another host than this one.
    #[non_exhaustive]
    Url {
        /// The URL.
        url: String,
    },
    /// A file or a socket failed.
    Io(io::Error),
    /// A request or its answer is not valid HTTP, or was cut off.
    Http(Box<dyn std::error::Error + Send + Sync>),
    /// An answer is not the JSON that was expected.
    Json(serde_json::Error),
    /// Prometheus or a Pushgateway refused a request, or answered in a shape that has no meaning
    /// here.
    #[non_exhaustive]
    Api {
        /// The answer.
        answer: String,
    },
    /// `promtool` does not accept a text or a configuration.
    #[non_exhaustive]
    Lint {
        /// What `promtool` printed.
        output: String,
    },
    /// A scrape is not strictly valid.
    Exposition(ParseError),
}

impl Error {
    /// Returns whether something did not become true in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }

    pub(crate) fn http(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Http(source.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { name, source } => write!(f, "cannot run `{name}`: {source}"),
            Self::Ended { name, output } => write!(f, "`{name}` ended too early:\n{output}"),
            Self::TimedOut { what, after } => write!(f, "no {what} within {after:?}"),
            Self::Build { package, output } => write!(f, "`{package}` does not build:\n{output}"),
            Self::Url { url } => write!(f, "not a loopback URL: {url}"),
            Self::Io(source) => write!(f, "{source}"),
            Self::Http(source) => write!(f, "the HTTP exchange failed: {source}"),
            Self::Json(source) => write!(f, "unexpected JSON: {source}"),
            Self::Api { answer } => write!(f, "unexpected answer: {answer}"),
            Self::Lint { output } => write!(f, "promtool does not accept it:\n{output}"),
            Self::Exposition(source) => write!(f, "invalid exposition text: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Program { source, .. } | Self::Io(source) => Some(source),
            Self::Http(source) => Some(&**source),
            Self::Json(source) => Some(source),
            Self::Exposition(source) => Some(source),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        Self::Io(source)
    }
}

impl From<serde_json::Error> for Error {
    fn from(source: serde_json::Error) -> Self {
        Self::Json(source)
    }
}

impl From<ParseError> for Error {
    fn from(source: ParseError) -> Self {
        Self::Exposition(source)
    }
}
