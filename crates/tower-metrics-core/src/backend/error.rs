//! Why a metric could not be declared or observed.

use std::fmt;

use crate::spec::MetricKind;

/// Why a metric could not be declared or observed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeclareError {
    /// The name does not match `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    InvalidName {
        /// The metric's name.
        name: String,
    },
    /// A label's name is invalid, reserved or repeated.
    InvalidLabel {
        /// The metric's name.
        name: String,
        /// The label's name.
        label: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name was declared before with another kind, help, unit, label set or bucket list.
    Conflict {
        /// The metric's name.
        name: String,
        /// The first thing in which the two declarations differ.
        differs_in: &'static str,
    },
    /// The name was recorded before it was declared, so it has default buckets already.
    AlreadyRecorded {
        /// The metric's name.
        name: String,
    },
    /// One of the two is a histogram, and the other has the name of one of its series: the name of
    /// the histogram with `_bucket`, `_sum` or `_count` behind it.
    Collision {
        /// The metric's name.
        name: String,
        /// The name that was there before.
        with: String,
    },
    /// A series is observed already: one with this name and the same labels.
    AlreadyObserved {
        /// The metric's name.
        name: String,
    },
    /// A metric of this kind cannot be observed in this way.
    WrongKind {
        /// The metric's name.
        name: String,
        /// What it is.
        kind: MetricKind,
    },
}

impl DeclareError {
    /// The name of the metric.
    pub fn metric(&self) -> &str {
        match self {
            Self::InvalidName { name }
            | Self::InvalidLabel { name, .. }
            | Self::Conflict { name, .. }
            | Self::AlreadyRecorded { name }
            | Self::Collision { name, .. }
            | Self::AlreadyObserved { name }
            | Self::WrongKind { name, .. } => name,
        }
    }
}

impl fmt::Display for DeclareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName { name } => {
                write!(f, "metric name {name:?} must match [a-zA-Z_:][a-zA-Z0-9_:]*")
            }
            Self::InvalidLabel { name, label, reason } => {
                write!(f, "label {label:?} of metric {name:?} is not usable: {reason}")
            }
            Self::Conflict { name, differs_in } => write!(
                f,
                "metric {name:?} is declared already, with another {differs_in}; declare both alike, \
                 or rename one of the two"
            ),
            Self::AlreadyRecorded { name } => write!(
                f,
                "metric {name:?} was recorded before it was declared; declare it before its first use"
            ),
            Self::Collision { name, with } => write!(
                f,
                "metric {name:?} collides with {with:?}: one is a histogram, whose `_bucket`, \
                 `_sum` and `_count` are taken; rename one of the two"
            ),
            Self::AlreadyObserved { name } => write!(
                f,
                "metric {name:?} is observed already, with the same labels; drop the handle of the \
                 first, or tell the two apart by a label"
            ),
            Self::WrongKind { name, kind } => {
                write!(f, "metric {name:?} is a {kind}, which cannot be observed in this way")
            }
        }
    }
}

impl std::error::Error for DeclareError {}
