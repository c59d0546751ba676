//! What metrics-doctor says of this project's own programs: nothing that is to be mended.

use std::process::{Command, Stdio};

use serde_json::json;
use tower_metrics_tests::{binary, http};

use crate::service::{Framework, PREDICT, Service, for_each_framework, input_taking};

for_each_framework![the_doctor_finds_nothing_wrong_with_the_service];

const PROGRAM: &str = "metrics-doctor";

/// Runs a command to its end, and returns its exit code and what it printed.
async fn run(mut command: Command) -> (Option<i32>, String) {
    let run = move || command.stderr(Stdio::inherit()).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

async fn examine(arguments: Vec<String>) -> (Option<i32>, String) {
    let mut command = Command::new(binary::path(PROGRAM).unwrap());
    command.args(arguments).stdin(Stdio::null());
    run(command).await
}

/// After a request of each kind, and also to those who want no warnings.
async fn the_doctor_finds_nothing_wrong_with_the_service(framework: Framework) {
    let service = Service::start(framework, &["--timeout-ms", "100"]).await.unwrap();
    let failing = json!({ "input": "", "fail": true });
    for (model, body) in [
        ("resnet50", input_taking(0)),
        ("resnet50", input_taking(60_000)),
        ("bert-base", failing),
        ("nope", input_taking(0)),
    ] {
        service.predict(model, &body).await.unwrap();
    }
    let prompt = json!({ "prompt": "a photo of a cat", "max_tokens": 3 });
    http::post_json(&service.url("/generate/bert-base"), &prompt).await.unwrap();
    for path in ["/health", "/users/123", "/users/124"] {
        service.get(path).await.unwrap();
    }
    let scrape = service.settled(8).await.unwrap();
    assert!(scrape.sum("http_requests_total", &[("endpoint", PREDICT)]) > Some(3.5));

    let arguments = |option: &str| vec![service.url("/metrics"), option.to_owned()];
    let (code, said) = examine(arguments("--strict")).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(": 0 errors, 0 warnings, "), "{said}");

    // It has looked: with a limit that is too low for anything, there is something to say.
    let arguments = [arguments("--strict"), vec!["--max-series".to_owned(), "1".to_owned()]];
    let (code, said) = examine(arguments.concat()).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("warning[series-count]: http_requests_total: "), "{said}");
}

/// What the job prints is an exposition like any other.
#[tokio::test]
async fn the_doctor_finds_nothing_wrong_with_the_batch_job() {
    let job = Command::new(binary::path("batch-inference").unwrap());
    let (code, metrics) = run(job).await;
    assert_eq!(code, Some(0));
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("metrics");
    std::fs::write(&path, metrics).unwrap();
    let path = path.to_str().unwrap().to_owned();
    let (code, said) = examine(vec![path, "--strict".to_owned()]).await;
    assert_eq!(code, Some(0), "{said}");
}
