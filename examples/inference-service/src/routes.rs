//! The routes and their handlers.
//!
//! The router knows nothing of metrics: `main` adds them around it, in one line.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, Path, State,
        rejection::{BytesRejection, FailedToBufferBody, PathRejection},
    },
    http::{HeaderMap, HeaderValue, header},
    routing::{get, post},
};
use inference_model::{ApiError, Health, MAX_BODY_BYTES, PredictRequest, Prediction, Predictor};

use crate::error::ErrorResponse;

/// Builds the service without its metrics.
pub(crate) fn router(predictor: Arc<Predictor>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/predict/{model_name}", post(predict))
        .fallback(|| async { ErrorResponse::from(ApiError::UnknownRoute) })
        .method_not_allowed_fallback(|| async { ErrorResponse::from(ApiError::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(predictor)
}

async fn health() -> Json<Health> {
    Json(Health::OK)
}

async fn predict(
    State(predictor): State<Arc<Predictor>>,
    model_name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Prediction>, ErrorResponse> {
    let Path(model_name) = model_name.map_err(|_| ApiError::UndecodableModelName)?;
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let request = body
        .map_err(|rejection| body_error(&rejection))
        .and_then(|body| PredictRequest::parse(content_type, &body));
    Ok(Json(predictor.predict(model_name, request).await?))
}

fn body_error(rejection: &BytesRejection) -> ApiError {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::BodyTooLong
        }
        _ => ApiError::UnreadableBody,
    }
}
