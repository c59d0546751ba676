//! The answers, and what is counted for each.

use futures_util::StreamExt as _;
use tower_metrics::Exporter;

use super::*;

/// A server whose requests have one second, and its metrics.
async fn server() -> (ModelServer, Exporter) {
    let exporter = Exporter::builder().build().unwrap();
    let inference = Inference::builder().with_recorder(exporter.recorder()).with_tokens();
    let options = crate::options::tests::options(&["--timeout-ms=1000"]);
    let server = ModelServer::start_with(inference.build().unwrap(), &options).await.unwrap();
    (server, exporter)
}

fn body(json: &'static str) -> Body<&'static str> {
    Body::new(Some(b"application/json"), Ok(json))
}

async fn predict(server: &ModelServer, model: &str, json: &'static str) -> (u16, String) {
    match server.predict(model.to_owned(), body(json)).await {
        Ok(prediction) => (200, serde_json::to_string(&prediction).unwrap()),
        Err(error) => (error.status(), error.to_string()),
    }
}

async fn generate(server: &ModelServer, model: &str, json: &'static str) -> (u16, String) {
    match server.generate(model.to_owned(), body(json)).await {
        Ok(events) => {
            let events: Vec<_> = events.map(Result::unwrap).collect().await;
            (200, String::from_utf8(events.concat()).unwrap())
        }
        Err(error) => (error.status(), error.to_string()),
    }
}

#[track_caller]
fn assert_has(exporter: &Exporter, line: &str) {
    let text = exporter.render();
    assert!(text.lines().any(|actual| actual == line), "no {line} in\n{text}");
}

#[track_caller]
fn assert_counted(exporter: &Exporter, model: &str, status: &str) {
    let line = format!("inference_requests_total{{model_name=\"{model}\",status=\"{status}\"}} 1");
    assert_has(exporter, &line);
}

/// The bytes of an answer: the same three keys for each model, in this order.
#[tokio::test(start_paused = true)]
async fn prediction_has_model_output_and_tokens() {
    let (server, exporter) = server().await;
    for (model, json) in [
        (
            "resnet50",
            r#"{"model":"resnet50","output":{"label":"tabby cat","confidence":0.6137254901960785},"tokens":5}"#,
        ),
        (
            "bert-base",
            r#"{"model":"bert-base","output":{"dimensions":8,"norm":4.066044538038577},"tokens":5}"#,
        ),
    ] {
        let answer = predict(&server, model, r#"{"input": "a photo of a cat"}"#).await;
        assert_eq!(answer, (200, json.to_owned()));
        assert_counted(&exporter, model, "success");
        assert_has(&exporter, &format!("inference_input_tokens_total{{model_name=\"{model}\"}} 5"));
    }
}

/// A model that does not exist is 404, whatever the body, and has no name.
#[tokio::test(start_paused = true)]
async fn unknown_model_is_404() {
    let (server, exporter) = server().await;
    let answer = predict(&server, "alexnet", "{").await;
    assert_eq!(answer, (404, "there is no model \"alexnet\"".to_owned()));
    assert_counted(&exporter, "unknown", "rejected");
}

/// A wrong body is the model's, and was no inference.
#[tokio::test(start_paused = true)]
async fn wrong_body_is_400() {
    let (server, exporter) = server().await;
    assert_eq!(predict(&server, "resnet50", "{").await.0, 400);
    assert_counted(&exporter, "resnet50", "rejected");
    assert_has(&exporter, "inference_duration_seconds_count{model_name=\"resnet50\"} 0");
}

/// An inference that takes longer than the limit is 504; one that takes less is not.
#[tokio::test(start_paused = true)]
async fn slow_inference_is_504() {
    let (server, exporter) = server().await;
    let slow = predict(&server, "resnet50", r#"{"input": "a cat", "delay_ms": 1001}"#).await;
    assert_eq!(slow, (504, "inference took longer than 1000 ms".to_owned()));
    assert_counted(&exporter, "resnet50", "timeout");
    assert_eq!(predict(&server, "resnet50", r#"{"input": "", "delay_ms": 999}"#).await.0, 200);
}

/// A failed inference is 500, and says of what kind.
#[tokio::test(start_paused = true)]
async fn failed_inference_is_500() {
    let (server, exporter) = server().await;
    let failed = predict(&server, "resnet50", r#"{"input": "a cat", "fail": true}"#).await;
    assert_eq!(failed, (500, "inference with resnet50 failed".to_owned()));
    assert_counted(&exporter, "resnet50", "error");
    assert_has(
        &exporter,
        "inference_errors_total{model_name=\"resnet50\",error_type=\"simulated\"} 1",
    );
}

/// A generation is one event for each token, and one for its end.
#[tokio::test(start_paused = true)]
async fn generation_ends_with_its_reason() {
    let (server, exporter) = server().await;
    let json = r#"{"prompt": "a cat", "max_tokens": 2}"#;
    let events = "data: {\"token\":\"a\"}\n\n\
                  data: {\"token\":\"sees\"}\n\n\
                  event: done\ndata: {\"finish_reason\":\"length\",\"tokens\":2}\n\n";
    assert_eq!(generate(&server, "bert-base", json).await, (200, events.to_owned()));
    assert_counted(&exporter, "bert-base", "success");
    assert_has(&exporter, "inference_output_tokens_total{model_name=\"bert-base\"} 2");
}

/// A generation whose time is over keeps what it has, and says so.
#[tokio::test(start_paused = true)]
async fn slow_generation_ends_with_an_error() {
    let (server, exporter) = server().await;
    let json = r#"{"prompt": "a cat", "token_delay_ms": 501}"#;
    let (status, events) = generate(&server, "bert-base", json).await;
    assert_eq!(status, 200);
    let end = "event: error\ndata: {\"error\":\"inference took longer than 1000 ms\"}\n\n";
    assert_eq!(events, format!("data: {{\"token\":\"a\"}}\n\n{end}"));
    assert_counted(&exporter, "bert-base", "timeout");
}

/// A generation can fail when its answer has begun.
#[tokio::test(start_paused = true)]
async fn failed_generation_ends_with_an_error() {
    let (server, exporter) = server().await;
    let (_, events) = generate(&server, "bert-base", r#"{"prompt": "", "fail": true}"#).await;
    let end = "event: error\ndata: {\"error\":\"inference with bert-base failed\"}\n\n";
    assert!(events.ends_with(end), "{events}");
    assert_counted(&exporter, "bert-base", "error");
}

/// A model that only predicts says so before any event.
#[tokio::test(start_paused = true)]
async fn model_that_does_not_generate_is_400() {
    let (server, exporter) = server().await;
    let answer = generate(&server, "resnet50", r#"{"prompt": "a cat"}"#).await;
    assert_eq!(answer, (400, "model \"resnet50\" does not generate".to_owned()));
    assert_counted(&exporter, "resnet50", "rejected");
}

/// A model that is unloaded is still known.
#[tokio::test(start_paused = true)]
async fn unloaded_model_is_503_until_it_is_loaded() {
    let (server, exporter) = server().await;
    let status = server.unload("bert-base".to_owned()).await.unwrap();
    let json = r#"{"name":"bert-base","state":"unloaded","version":"1"}"#;
    assert_eq!(serde_json::to_string(&status).unwrap(), json);
    let answer = predict(&server, "bert-base", r#"{"input": ""}"#).await;
    assert_eq!(answer, (503, "model \"bert-base\" is not loaded".to_owned()));
    assert_counted(&exporter, "bert-base", "rejected");
    assert_has(&exporter, "model_loaded{model_name=\"bert-base\"} 0");

    server.load("bert-base".to_owned(), body("")).await.unwrap();
    assert_eq!(predict(&server, "bert-base", r#"{"input": ""}"#).await.0, 200);
    assert_has(&exporter, "model_loaded{model_name=\"bert-base\"} 1");
}

/// Loading a model that failed to load before, and one that does not exist.
#[tokio::test(start_paused = true)]
async fn failed_load_is_500_and_unknown_model_404() {
    let (server, _exporter) = server().await;
    server.unload("bert-base".to_owned()).await.unwrap();
    let failed = server.load("bert-base".to_owned(), body(r#"{"fail": true}"#)).await.unwrap_err();
    assert_eq!((failed.status(), &*failed.to_string()), (500, "loading bert-base failed"));
    let models = serde_json::to_string(&server.models()).unwrap();
    assert!(
        models.starts_with(
            r#"{"models":[{"name":"bert-base","state":"failed","version":"1"},{"name":"#
        ),
        "{models}"
    );
    assert_eq!(server.load("alexnet".to_owned(), body("")).await.unwrap_err().status(), 404);
    assert_eq!(server.unload("alexnet".to_owned()).await.unwrap_err().status(), 404);
}

/// The health check has nothing else to say.
#[test]
fn health_is_ok() {
    assert_eq!(serde_json::to_string(&Health::OK).unwrap(), r#"{"status":"ok"}"#);
}

/// A real model is measured like the stand-ins.
#[cfg(feature = "onnx")]
#[tokio::test]
async fn magika_tells_what_a_file_is() {
    let (server, exporter) = server().await;
    let (status, json) =
        predict(&server, "magika", r##"{"input": "#!/bin/sh\necho hello"}"##).await;
    assert_eq!(status, 200, "{json}");
    assert!(json.starts_with(r#"{"model":"magika","output":{"label":"shell","#), "{json}");
    assert_counted(&exporter, "magika", "success");
    assert_has(&exporter, "model_info{model_name=\"magika\",version=\"standard_v3_3\"} 1");
}
