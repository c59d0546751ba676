//! The errors as axum answers them.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use inference_model::ApiError;

/// An answer other than 200, sent as `{"error": "..."}`.
#[derive(Debug)]
pub(crate) struct ErrorResponse(ApiError);

impl From<ApiError> for ErrorResponse {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status());
        (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(self.0)).into_response()
    }
}
