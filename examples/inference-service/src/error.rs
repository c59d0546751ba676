//! What can go wrong with a request, and the JSON that says so.

use std::{fmt, time::Duration};

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::model::InferenceError;

/// An answer other than 200, sent as `{"error": "..."}`.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// No route has this path.
    UnknownRoute,
    /// The route exists, but not for this method.
    MethodNotAllowed,
    /// No such model is loaded.
    UnknownModel {
        /// The name that was asked for.
        model_name: String,
    },
    /// The path or the body could not be read.
    InvalidRequest {
        /// The status axum chose: 400, 413, 415 or 422.
        status: StatusCode,
        /// What is wrong, in axum's words.
        message: String,
    },
    /// The inference was not done in time.
    Timeout {
        /// The time it had.
        limit: Duration,
    },
    /// The inference failed.
    Inference(InferenceError),
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::UnknownRoute | Self::UnknownModel { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::InvalidRequest { status, .. } => *status,
            Self::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Inference(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownRoute => f.write_str("no such route"),
            Self::MethodNotAllowed => f.write_str("method not allowed"),
            Self::UnknownModel { model_name } => write!(f, "model {model_name:?} is not loaded"),
            Self::InvalidRequest { message, .. } => f.write_str(message),
            Self::Timeout { limit } => {
                write!(f, "inference took longer than {} ms", limit.as_millis())
            }
            Self::Inference(error) => error.fmt(f),
        }
    }
}

impl From<InferenceError> for ApiError {
    fn from(error: InferenceError) -> Self {
        Self::Inference(error)
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::InvalidRequest { status: rejection.status(), message: rejection.body_text() }
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::InvalidRequest { status: rejection.status(), message: rejection.body_text() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({ "error": self.to_string() }))).into_response()
    }
}
