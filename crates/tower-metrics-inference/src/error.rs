//! What can be wrong with a setting or a model's name.

use std::error::Error;
use std::fmt;

use tower_metrics_core::DeclareError;

use crate::names::InferenceMetric;

/// Why inference metrics could not be set up, or a model could not be registered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InferenceError {
    /// A metric could not be declared.
    Declare(DeclareError),
    /// A metric was given buckets twice.
    BucketsTwice {
        /// The metric.
        metric: InferenceMetric,
    },
    /// Buckets were given for a metric that is not a histogram.
    NoHistogram {
        /// The metric.
        metric: InferenceMetric,
    },
    /// Buckets were given for a metric of tokens, and
    /// [`with_tokens`](crate::InferenceBuilder::with_tokens) was not.
    TokensOff {
        /// The metric.
        metric: InferenceMetric,
    },
    /// Buckets were given for a metric of batch jobs, which `BatchJobBuilder` takes.
    OfBatchJobs {
        /// The metric.
        metric: InferenceMetric,
    },
    /// As many models as are allowed are registered already.
    TooManyModels {
        /// The name of the one too many.
        name: String,
        /// How many are allowed.
        max: usize,
    },
    /// The name cannot be a model's.
    InvalidModelName {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl fmt::Display for InferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declare(error) => error.fmt(f),
            Self::BucketsTwice { metric } => {
                write!(f, "the buckets of {:?} are set twice; keep one", metric.name())
            }
            Self::NoHistogram { metric } => {
                write!(f, "{:?} is no histogram; leave its buckets out", metric.name())
            }
            Self::TokensOff { metric } => write!(
                f,
                "{:?} is off; switch the metrics of tokens on with `with_tokens`",
                metric.name()
            ),
            Self::OfBatchJobs { metric } => {
                write!(f, "{:?} is recorded by batch jobs, and not here", metric.name())
            }
            Self::TooManyModels { name, max } => write!(
                f,
                "model {name:?} is one too many: {max} are registered; \
                 allow more with `with_max_models`"
            ),
            Self::InvalidModelName { name, reason } => {
                write!(f, "{name:?} cannot be a model's name: {reason}")
            }
        }
    }
}

impl Error for InferenceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // Its text is the whole text above.
            Self::Declare(error) => error.source(),
            _ => None,
        }
    }
}

impl From<DeclareError> for InferenceError {
    fn from(error: DeclareError) -> Self {
        Self::Declare(error)
    }
}

/// Why [`Inference::load`](crate::Inference::load) has no model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LoadError<E> {
    /// The model could not be registered, and loading did not begin.
    Register(InferenceError),
    /// Loading failed.
    Load(E),
}

impl<E> LoadError<E> {
    /// What loading failed with.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Register(_) => None,
            Self::Load(error) => Some(error),
        }
    }
}

impl<E: fmt::Display> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(error) => error.fmt(f),
            Self::Load(error) => write!(f, "the model could not be loaded: {error}"),
        }
    }
}

impl<E: Error + 'static> Error for LoadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // Their text is part of the text above.
            Self::Register(error) => error.source(),
            Self::Load(error) => error.source(),
        }
    }
}
