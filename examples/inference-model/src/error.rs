//! What can go wrong with a request, the JSON that says so, and how it is counted.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};
use tower_metrics::inference::RequestOutcome;

use crate::{models::Failure, request::MAX_BODY_BYTES};

/// An answer other than 200, serialized as `{"error": "..."}`.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApiError {
    /// No route has this path.
    UnknownRoute,
    /// The route exists, but not for this method.
    MethodNotAllowed,
    /// The model's name in the path is not UTF-8.
    UndecodableModelName,
    /// There is no such model.
    #[non_exhaustive]
    UnknownModel {
        /// The name that was asked for.
        model_name: String,
    },
    /// There is such a model, and it is not loaded.
    #[non_exhaustive]
    NotLoaded {
        /// The model's name.
        model_name: &'static str,
    },
    /// The model predicts, and does not generate.
    #[non_exhaustive]
    NotGenerative {
        /// The model's name.
        model_name: &'static str,
    },
    /// The body ended before it was complete.
    UnreadableBody,
    /// The body is longer than [`MAX_BODY_BYTES`].
    BodyTooLong,
    /// The body is not said to be JSON.
    UnsupportedMediaType,
    /// The body is not JSON.
    Syntax(serde_json::Error),
    /// The body is JSON, but not what is wanted.
    Shape(serde_json::Error),
    /// As many requests as may wait do so already.
    QueueFull,
    /// The inference was not done in time.
    #[non_exhaustive]
    Timeout {
        /// The time it had.
        limit: Duration,
    },
    /// The inference failed.
    #[non_exhaustive]
    Inference {
        /// The model's name.
        model_name: &'static str,
        /// What went wrong.
        source: Failure,
    },
    /// The model could not be loaded.
    #[non_exhaustive]
    Load {
        /// The model's name.
        model_name: &'static str,
        /// What went wrong.
        source: Failure,
    },
}

impl ApiError {
    /// Returns the status code of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::UndecodableModelName
            | Self::UnreadableBody
            | Self::Syntax(_)
            | Self::NotGenerative { .. } => 400,
            Self::UnknownRoute | Self::UnknownModel { .. } => 404,
            Self::MethodNotAllowed => 405,
            Self::BodyTooLong => 413,
            Self::UnsupportedMediaType => 415,
            Self::Shape(_) => 422,
            Self::QueueFull => 429,
            Self::Inference { .. } | Self::Load { .. } => 500,
            Self::NotLoaded { .. } => 503,
            Self::Timeout { .. } => 504,
        }
    }

    /// Returns how an inference that ended with this is counted. What was not begun was rejected.
    pub(crate) fn outcome(&self) -> RequestOutcome<'_> {
        match self {
            Self::Timeout { .. } => RequestOutcome::Timeout,
            Self::Inference { source, .. } => RequestOutcome::Error(source.error_type()),
            _ => RequestOutcome::Rejected,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownRoute => f.write_str("no such route"),
            Self::MethodNotAllowed => f.write_str("method not allowed"),
            Self::UndecodableModelName => f.write_str("the model's name is not UTF-8"),
            Self::UnknownModel { model_name } => write!(f, "there is no model {model_name:?}"),
            Self::NotLoaded { model_name } => write!(f, "model {model_name:?} is not loaded"),
            Self::NotGenerative { model_name } => {
                write!(f, "model {model_name:?} does not generate")
            }
            Self::UnreadableBody => f.write_str("the body is not complete"),
            Self::BodyTooLong => write!(f, "the body is longer than {MAX_BODY_BYTES} bytes"),
            Self::UnsupportedMediaType => {
                f.write_str("the content type of the body is not application/json")
            }
            Self::Syntax(error) => write!(f, "the body is not JSON: {error}"),
            Self::Shape(error) => write!(f, "the body is not what is wanted: {error}"),
            Self::QueueFull => f.write_str("too many requests are waiting already"),
            Self::Timeout { limit } => {
                write!(f, "inference took longer than {} ms", limit.as_millis())
            }
            Self::Inference { model_name, .. } => write!(f, "inference with {model_name} failed"),
            Self::Load { model_name, .. } => write!(f, "loading {model_name} failed"),
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Syntax(error) | Self::Shape(error) => Some(error),
            Self::Inference { source, .. } | Self::Load { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("error", self.to_string())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clients read one shape, whatever went wrong.
    #[test]
    fn an_error_is_one_key_of_json() {
        let json = serde_json::to_string(&ApiError::UnknownRoute).unwrap();
        assert_eq!(json, r#"{"error":"no such route"}"#);
    }

    /// A name with quotes breaks neither the sentence nor the JSON.
    #[test]
    fn an_unknown_model_is_quoted() {
        let error = ApiError::UnknownModel { model_name: "a\"b".to_owned() };
        assert_eq!(error.to_string(), r#"there is no model "a\"b""#);
    }
}
