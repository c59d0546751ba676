//! The routes and their handlers.
//!
//! The router knows nothing of HTTP metrics: `main` adds them around it, in one line.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request, State,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{HeaderValue, header, request::Parts},
    response::IntoResponse,
    routing::{get, post},
};
use inference_model::{
    ApiError, Body, EVENT_STREAM, Health, MAX_BODY_BYTES, ModelList, ModelServer, ModelStatus,
    Prediction,
};

use crate::error::ErrorResponse;

type Server = State<Arc<ModelServer>>;

/// Builds the service without its HTTP metrics.
pub(crate) fn router(server: Arc<ModelServer>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/models", get(models))
        .route("/models/{model_name}/load", post(load))
        .route("/models/{model_name}/unload", post(unload))
        .route("/predict/{model_name}", post(predict))
        .route("/generate/{model_name}", post(generate))
        .fallback(|| async { ErrorResponse::from(ApiError::UnknownRoute) })
        .method_not_allowed_fallback(|| async { ErrorResponse::from(ApiError::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(server)
}

async fn health() -> Json<Health> {
    Json(Health::OK)
}

async fn models(State(server): Server) -> Json<ModelList> {
    Json(server.models())
}

async fn load(
    State(server): Server,
    ModelName(model_name): ModelName,
    Received(body): Received,
) -> Result<Json<ModelStatus>, ErrorResponse> {
    Ok(Json(server.load(model_name, body).await?))
}

async fn unload(
    State(server): Server,
    ModelName(model_name): ModelName,
) -> Result<Json<ModelStatus>, ErrorResponse> {
    Ok(Json(server.unload(model_name).await?))
}

async fn predict(
    State(server): Server,
    ModelName(model_name): ModelName,
    Received(body): Received,
) -> Result<Json<Prediction>, ErrorResponse> {
    Ok(Json(server.predict(model_name, body).await?))
}

async fn generate(
    State(server): Server,
    ModelName(model_name): ModelName,
    Received(body): Received,
) -> Result<impl IntoResponse, ErrorResponse> {
    let events = server.generate(model_name, body).await?;
    let headers = [(header::CONTENT_TYPE, EVENT_STREAM), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, axum::body::Body::from_stream(events)))
}

/// The model's name in the path.
struct ModelName(String);

/// A body of at most [`MAX_BODY_BYTES`], or why there is none.
struct Received(Body<Bytes>);

impl<S: Send + Sync> FromRequestParts<S> for ModelName {
    type Rejection = ErrorResponse;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ErrorResponse> {
        let model_name = Path::from_request_parts(parts, state).await;
        let Path(model_name) = model_name.map_err(|_| ApiError::UndecodableModelName)?;
        Ok(Self(model_name))
    }
}

impl<S: Send + Sync> FromRequest<S> for Received {
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
        let bytes = Bytes::from_request(request, state).await.map_err(|error| match error {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                ApiError::BodyTooLong
            }
            _ => ApiError::UnreadableBody,
        });
        Ok(Self(Body::new(content_type.as_ref().map(HeaderValue::as_bytes), bytes)))
    }
}
