//! The answers of the router, asked in-process: no socket, no exporter.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;

/// Sends one request to a service with an inference timeout of one second.
async fn send(request: Request<Body>) -> Response {
    let models = Arc::new(Registry::load_all().await);
    let state = AppState { models, timeout: Duration::from_secs(1) };
    router(state).oneshot(request).await.unwrap()
}

/// Reads status and JSON of an answer.
async fn read(response: Response) -> (StatusCode, Value) {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn post_json(path: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    read(send(request).await).await
}

/// The health check answers without asking a model.
#[tokio::test(start_paused = true)]
async fn health_is_ok() {
    let response = send(Request::get("/health").body(Body::empty()).unwrap()).await;
    assert_eq!(read(response).await, (StatusCode::OK, json!({ "status": "ok" })));
}

/// Each model answers in its own way, under the same three keys.
#[tokio::test(start_paused = true)]
async fn prediction_has_model_output_and_tokens() {
    let (status, answer) = post_json("/predict/resnet50", r#"{"input": "a cat"}"#).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["model"], "resnet50");
    assert_eq!(answer["tokens"], 2);
    assert!(answer["output"]["label"].is_string());

    let (status, answer) = post_json("/predict/bert-base", r#"{"input": "a cat"}"#).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["model"], "bert-base");
    assert_eq!(answer["tokens"], 2);
    assert!(answer["output"]["norm"].as_f64() > Some(0.0));
}

/// A model that is not loaded is 404, whatever the body.
#[tokio::test(start_paused = true)]
async fn unknown_model_is_404() {
    let error = json!({ "error": "model \"alexnet\" is not loaded" });
    let answer = post_json("/predict/alexnet", r#"{"input": "a cat"}"#).await;
    assert_eq!(answer, (StatusCode::NOT_FOUND, error.clone()));
    let answer = post_json("/predict/alexnet", "{").await;
    assert_eq!(answer, (StatusCode::NOT_FOUND, error));
}

/// An inference that takes longer than the timeout is 504; one that takes less is not.
#[tokio::test(start_paused = true)]
async fn slow_inference_is_504() {
    let (status, _) =
        post_json("/predict/resnet50", r#"{"input": "a cat", "delay_ms": 999}"#).await;
    assert_eq!(status, StatusCode::OK);

    let answer = post_json("/predict/resnet50", r#"{"input": "a cat", "delay_ms": 1001}"#).await;
    let error = json!({ "error": "inference took longer than 1000 ms" });
    assert_eq!(answer, (StatusCode::GATEWAY_TIMEOUT, error));
}

/// A failed inference is 500.
#[tokio::test(start_paused = true)]
async fn failed_inference_is_500() {
    let answer = post_json("/predict/resnet50", r#"{"input": "a cat", "fail": true}"#).await;
    let error = json!({ "error": "inference with resnet50 failed" });
    assert_eq!(answer, (StatusCode::INTERNAL_SERVER_ERROR, error));
}

/// Whatever is wrong with a body, the answer is a JSON error.
#[tokio::test(start_paused = true)]
async fn bad_body_is_a_json_error() {
    let (status, answer) = post_json("/predict/resnet50", "{").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"].is_string());

    let (status, answer) = post_json("/predict/resnet50", r#"{"input": 1}"#).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer["error"].is_string());

    let untyped = Request::post("/predict/resnet50").body(Body::from("{}")).unwrap();
    let (status, answer) = read(send(untyped).await).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(answer["error"].is_string());
}

/// A model name that is not UTF-8 is a JSON error too.
#[tokio::test(start_paused = true)]
async fn undecodable_model_name_is_400() {
    let (status, answer) = post_json("/predict/%ff", r#"{"input": "a cat"}"#).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"].is_string());
}

/// A path without a route is 404, as JSON.
#[tokio::test(start_paused = true)]
async fn unmatched_path_is_404() {
    let answer = post_json("/nowhere", "{}").await;
    assert_eq!(answer, (StatusCode::NOT_FOUND, json!({ "error": "no such route" })));
}

/// The wrong method is 405, as JSON, and `Allow` names the right one.
#[tokio::test(start_paused = true)]
async fn wrong_method_is_405() {
    let response = send(Request::get("/predict/resnet50").body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()[header::ALLOW], "POST");
    let error = json!({ "error": "method not allowed" });
    assert_eq!(read(response).await, (StatusCode::METHOD_NOT_ALLOWED, error));
}
