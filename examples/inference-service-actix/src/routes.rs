//! The routes and their handlers.
//!
//! They know nothing of metrics: `main` wraps them in one line.

use actix_web::{
    HttpRequest, ResponseError as _, Route,
    http::header::{self, HeaderValue},
    web::{self, Bytes, Data, Json, Payload, ServiceConfig},
};
use inference_model::{
    ApiError, Health, MAX_BODY_BYTES, PredictRequest, Prediction, Predictor, decode_model_name,
};

use crate::error::ErrorResponse;

/// Adds the routes of the service to an app.
pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(
        web::resource("/health")
            .route(web::get().to(health))
            .route(web::head().to(health))
            .default_service(method_not_allowed("GET,HEAD")),
    )
    .service(
        web::resource("/predict/{model_name}")
            .route(web::post().to(predict))
            .default_service(method_not_allowed("POST")),
    )
    .default_service(web::to(async || {
        ErrorResponse::from(ApiError::UnknownRoute).error_response()
    }));
}

/// Answers the methods that a resource has no route for; `allow` are those it has.
fn method_not_allowed(allow: &'static str) -> Route {
    web::to(move || async move {
        let mut response = ErrorResponse::from(ApiError::MethodNotAllowed).error_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        response
    })
}

async fn health() -> Json<Health> {
    Json(Health::OK)
}

async fn predict(
    predictor: Data<Predictor>,
    request: HttpRequest,
    body: Payload,
) -> Result<Json<Prediction>, ErrorResponse> {
    // Not through `Path`, which replaces what is not UTF-8 instead of refusing it.
    let segment = request.uri().path().rsplit('/').next().unwrap_or_default();
    let model_name = decode_model_name(segment)?;
    let content_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let request = read(body).await.and_then(|body| PredictRequest::parse(content_type, &body));
    Ok(Json(predictor.predict(model_name, request).await?))
}

async fn read(body: Payload) -> Result<Bytes, ApiError> {
    match body.to_bytes_limited(MAX_BODY_BYTES).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(ApiError::UnreadableBody),
        Err(_) => Err(ApiError::BodyTooLong),
    }
}
