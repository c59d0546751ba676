//! What can go wrong with a request, and the JSON that says so.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use crate::{model::InferenceError, request::MAX_BODY_BYTES};

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
    /// No such model is loaded.
    #[non_exhaustive]
    UnknownModel {
        /// The name that was asked for.
        model_name: String,
    },
    /// The body ended before it was complete.
    UnreadableBody,
    /// The body is longer than [`MAX_BODY_BYTES`].
    BodyTooLong,
    /// The body is not said to be JSON.
    UnsupportedMediaType,
    /// The body is not JSON.
    Syntax(serde_json::Error),
    /// The body is JSON, but no [`PredictRequest`](crate::PredictRequest).
    Shape(serde_json::Error),
    /// The inference was not done in time.
    #[non_exhaustive]
    Timeout {
        /// The time it had.
        limit: Duration,
    },
    /// The inference failed.
    Inference(InferenceError),
}

impl ApiError {
    /// Returns the status code of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::UndecodableModelName | Self::UnreadableBody | Self::Syntax(_) => 400,
            Self::UnknownRoute | Self::UnknownModel { .. } => 404,
            Self::MethodNotAllowed => 405,
            Self::BodyTooLong => 413,
            Self::UnsupportedMediaType => 415,
            Self::Shape(_) => 422,
            Self::Inference(_) => 500,
            Self::Timeout { .. } => 504,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownRoute => f.write_str("no such route"),
            Self::MethodNotAllowed => f.write_str("method not allowed"),
            Self::UndecodableModelName => f.write_str("the model's name is not UTF-8"),
            Self::UnknownModel { model_name } => write!(f, "model {model_name:?} is not loaded"),
            Self::UnreadableBody => f.write_str("the body is not complete"),
            Self::BodyTooLong => write!(f, "the body is longer than {MAX_BODY_BYTES} bytes"),
            Self::UnsupportedMediaType => {
                f.write_str("the content type of the body is not application/json")
            }
            Self::Syntax(error) => write!(f, "the body is not JSON: {error}"),
            Self::Shape(error) => write!(f, "the body is no prediction request: {error}"),
            Self::Timeout { limit } => {
                write!(f, "inference took longer than {} ms", limit.as_millis())
            }
            Self::Inference(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Syntax(error) | Self::Shape(error) => Some(error),
            Self::Inference(error) => Some(error),
            _ => None,
        }
    }
}

impl From<InferenceError> for ApiError {
    fn from(error: InferenceError) -> Self {
        Self::Inference(error)
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
        assert_eq!(error.to_string(), r#"model "a\"b" is not loaded"#);
    }
}
