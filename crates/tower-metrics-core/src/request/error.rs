//! Why a middleware could not be built.

use std::fmt;

use crate::backend::DeclareError;
use crate::names::HttpMetric;

/// Why a middleware could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// A metric could not be declared.
    Declare(DeclareError),
    /// A metric was given buckets twice.
    BucketsTwice {
        /// The metric.
        metric: HttpMetric,
    },
    /// A metric was given buckets, but is no histogram.
    NoHistogram {
        /// The metric.
        metric: HttpMetric,
    },
    /// A metric was given buckets, a name, a label or another clock, but is switched off.
    SwitchedOff {
        /// The metric.
        metric: HttpMetric,
    },
    /// A limit was given for a label that is not there.
    UnknownLabel {
        /// The label's name.
        label: String,
    },
    /// Requests are to be left out by a prefix that does not begin with `/`.
    InvalidPathPrefix {
        /// The prefix.
        prefix: String,
    },
    /// A label is to come from a header that cannot exist.
    InvalidHeader {
        /// The header's name.
        header: String,
    },
}

impl From<DeclareError> for BuildError {
    fn from(error: DeclareError) -> Self {
        Self::Declare(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declare(error) => error.fmt(f),
            Self::BucketsTwice { metric } => {
                write!(f, "the buckets of {:?} are set twice; keep one", metric.spec().name())
            }
            Self::NoHistogram { metric } => {
                write!(f, "{:?} is no histogram; leave its buckets out", metric.spec().name())
            }
            Self::SwitchedOff { metric } => write!(
                f,
                "a setting changes {:?}, which is off; switch it on, or leave the setting out",
                metric.spec().name()
            ),
            Self::UnknownLabel { label } => {
                write!(
                    f,
                    "a limit is set for label {label:?}, but no such label was added; add it, as \
                     `with_label_from_header` does, or leave the limit out"
                )
            }
            Self::InvalidPathPrefix { prefix } => write!(
                f,
                "{prefix:?} is no prefix of paths; one begins with `/`, as `/internal` does"
            ),
            Self::InvalidHeader { header } => write!(
                f,
                "no header can have the name {header:?}; it has letters, digits and `-`, as \
                 `x-tenant` does"
            ),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Its text is the whole text above.
            Self::Declare(error) => error.source(),
            _ => None,
        }
    }
}
