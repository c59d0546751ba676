//! What a model is, before it is loaded and after.

use std::{error::Error, fmt, sync::Arc};

use serde::Serialize;
use tower_metrics::inference::Status;

/// A model that can be loaded.
#[derive(Debug)]
pub(crate) struct Known {
    /// The name used in URLs and labels.
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// Makes the model ready, on a thread that it may keep busy.
    pub(crate) load: fn() -> Result<Arc<dyn Engine>, Failure>,
}

/// A loaded model.
pub(crate) trait Engine: fmt::Debug + Send + Sync {
    /// Runs one inference, on a thread that it may keep busy.
    fn infer(&self, input: &str) -> Result<Output, Failure>;

    /// Continues a text, token by token, if the model can do that.
    fn generate(&self, _prompt: &str) -> Option<Tokens> {
        None
    }
}

/// The tokens of a generation, each made when it is asked for.
pub(crate) type Tokens = Box<dyn Iterator<Item = &'static str> + Send>;

/// The answer to one inference.
#[derive(Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Name of the model that answered.
    pub(super) model: &'static str,
    /// What the model says about the input.
    pub(super) output: Output,
    /// Words in the input.
    pub(super) tokens: usize,
}

/// What a model says about its input.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Output {
    Class { label: &'static str, confidence: f64 },
    Embedding { dimensions: usize, norm: f64 },
}

/// Why a model did not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// It was asked to fail.
    Simulated,
    /// It could not do it.
    Engine(Box<dyn Error + Send + Sync>),
}

impl Failure {
    pub(crate) fn engine(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Engine(error.into())
    }

    /// Returns the value of the label `error_type`.
    pub(crate) fn error_type(&self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Engine(_) => Status::UNNAMED_ERROR,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated => f.write_str("the failure was asked for"),
            Self::Engine(error) => error.fmt(f),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Simulated => None,
            // Its text is the whole text above.
            Self::Engine(error) => error.source(),
        }
    }
}
