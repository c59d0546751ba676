//! The routes and their handlers.
//!
//! They know nothing of HTTP metrics: `main` wraps them in one line.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError as _, Route,
    http::header::{self, HeaderValue},
    web::{self, Bytes, Data, Json, Payload, ServiceConfig},
};
use inference_model::{
    ApiError, Body, EVENT_STREAM, Health, MAX_BODY_BYTES, ModelList, ModelServer, ModelStatus,
    Prediction, decode_model_name,
};

use crate::error::ErrorResponse;

type Server = Data<ModelServer>;

/// Adds the routes of the service to an app.
pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(
        web::resource("/health")
            .route(web::get().to(health))
            .route(web::head().to(health))
            .default_service(method_not_allowed("GET,HEAD")),
    )
    .service(
        web::resource("/models")
            .route(web::get().to(models))
            .route(web::head().to(models))
            .default_service(method_not_allowed("GET,HEAD")),
    )
    .service(
        web::resource("/models/{model_name}/load")
            .route(web::post().to(load))
            .default_service(method_not_allowed("POST")),
    )
    .service(
        web::resource("/models/{model_name}/unload")
            .route(web::post().to(unload))
            .default_service(method_not_allowed("POST")),
    )
    .service(
        web::resource("/predict/{model_name}")
            .route(web::post().to(predict))
            .default_service(method_not_allowed("POST")),
    )
    .service(
        web::resource("/generate/{model_name}")
            .route(web::post().to(generate))
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

async fn models(server: Server) -> Json<ModelList> {
    Json(server.models())
}

async fn load(
    server: Server,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<ModelStatus>, ErrorResponse> {
    let model_name = model_name(&request)?;
    Ok(Json(server.load(model_name, read(&request, payload).await).await?))
}

async fn unload(server: Server, request: HttpRequest) -> Result<Json<ModelStatus>, ErrorResponse> {
    Ok(Json(server.unload(model_name(&request)?).await?))
}

async fn predict(
    server: Server,
    request: HttpRequest,
    payload: Payload,
) -> Result<Json<Prediction>, ErrorResponse> {
    let model_name = model_name(&request)?;
    Ok(Json(server.predict(model_name, read(&request, payload).await).await?))
}

async fn generate(
    server: Server,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ErrorResponse> {
    let model_name = model_name(&request)?;
    let events = server.generate(model_name, read(&request, payload).await).await?;
    Ok(HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .streaming(events))
}

/// Reads the model's name in the path: the second segment of all routes that have one.
///
/// Not through `Path`, which replaces what is not UTF-8 instead of refusing it.
fn model_name(request: &HttpRequest) -> Result<String, ApiError> {
    decode_model_name(request.uri().path().split('/').nth(2).unwrap_or_default())
}

/// Reads a body of at most [`MAX_BODY_BYTES`], or why there is none.
async fn read(request: &HttpRequest, payload: Payload) -> Body<Bytes> {
    let bytes = match payload.to_bytes_limited(MAX_BODY_BYTES).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(ApiError::UnreadableBody),
        Err(_) => Err(ApiError::BodyTooLong),
    };
    let content_type = request.headers().get(header::CONTENT_TYPE);
    Body::new(content_type.map(HeaderValue::as_bytes), bytes)
}
