//! Why an exporter could not be had.

use std::{fmt, io};

/// Why an exporter could not be built or installed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExporterError {
    /// An exporter of this crate is installed already.
    AlreadyInstalled,
    /// Another recorder is installed already, so the `metrics` macros cannot reach this one.
    ForeignRecorder,
    /// A global label cannot be shown.
    InvalidGlobalLabel {
        /// The label's name.
        label: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A bearer token is empty, or has characters that no header can carry.
    InvalidToken,
    /// The exporter's thread could not be started.
    Thread(io::Error),
}

impl ExporterError {
    /// Whether a recorder was installed before: this crate's or another.
    pub fn is_already_installed(&self) -> bool {
        matches!(self, Self::AlreadyInstalled | Self::ForeignRecorder)
    }
}

impl fmt::Display for ExporterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidGlobalLabel { label, reason } => {
                return write!(f, "global label {label:?} is not usable: {reason}");
            }
            Self::InvalidToken => "a bearer token must be of visible ASCII characters",
            Self::AlreadyInstalled => {
                "an exporter is installed already; share that one, or use \
                 `Exporter::builder().build()` for a private one"
            }
            Self::ForeignRecorder => {
                "another `metrics` recorder is installed already; remove it, or use \
                 `Exporter::builder().build()` for a private exporter"
            }
            Self::Thread(_) => "the exporter's thread could not be started",
        })
    }
}

impl std::error::Error for ExporterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Thread(error) => Some(error),
            _ => None,
        }
    }
}

/// Why there is no rendering: the exporter panicked over it, or it was polled too late. What was
/// recorded is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenderError;

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the metrics could not be rendered")
    }
}

impl std::error::Error for RenderError {}
