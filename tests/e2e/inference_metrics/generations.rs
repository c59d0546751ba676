//! Generations: what is counted of their tokens.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower_metrics_tests::http::{Request, Response};

use super::measured::{BERT_BASE, assert_at_rest, assert_requests};
use crate::service::{Framework, Service, for_each_framework};

for_each_framework![
    a_generation_counts_the_tokens_that_it_sends,
    a_client_that_leaves_a_generation_has_cancelled_it_and_its_tokens_count,
    a_generation_that_takes_too_long_is_a_timeout,
];

/// What the client has is what was counted.
async fn a_generation_counts_the_tokens_that_it_sends(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    let whole = generate(&service, &json!({ "prompt": "a photo", "max_tokens": 1000 })).await;
    assert_eq!((whole.status(), whole.header("content-type")), (200, Some("text/event-stream")));
    let tokens = events(&whole.text());
    let short = generate(&service, &json!({ "prompt": "a photo", "max_tokens": 3 })).await;
    assert_eq!(events(&short.text()), 3);
    let failed = generate(&service, &json!({ "prompt": "a photo", "fail": true })).await;
    assert_eq!(failed.status(), 200);
    let end = "event: error\ndata: {\"error\":\"inference with bert-base failed\"}\n\n";
    assert!(failed.text().ends_with(end), "{}", failed.text());

    let scrape = service.settled(3).await.unwrap();
    assert_requests(&scrape, [("bert-base success", 2), ("bert-base error", 1)]);
    for (name, value) in [
        ("inference_output_tokens_total", tokens + 3 + 1),
        ("inference_output_token_length_sum", tokens + 3 + 1),
        ("inference_output_token_length_count", 3),
        ("inference_input_tokens_total", 6),
        ("inference_time_to_first_token_seconds_count", 3),
        ("inference_inter_token_latency_seconds_count", tokens - 1 + 2),
        // The failed one has a single token.
        ("inference_time_per_output_token_seconds_count", 2),
        ("inference_duration_seconds_count", 3),
    ] {
        assert_eq!(scrape.value(name, &[BERT_BASE]), Some(f64::from(value)), "{name}");
    }
    for (reason, count) in [("stop", 1.0), ("length", 1.0), ("error", 1.0), ("cancelled", 0.0)] {
        let labels = [BERT_BASE, ("finish_reason", reason)];
        assert_eq!(scrape.value("inference_finish_total", &labels), Some(count), "{reason}");
    }
    assert_at_rest(&scrape);
}

/// Tokens are made one at a time, so those that nobody waits for are never made.
async fn a_client_that_leaves_a_generation_has_cancelled_it_and_its_tokens_count(
    framework: Framework,
) {
    let service = Service::start(framework, &["--timeout-ms", "600000"]).await.unwrap();
    let body = json!({ "prompt": "a photo", "token_delay_ms": 50 }).to_string();
    let mut client = TcpStream::connect(service.address()).await.unwrap();
    let request = format!(
        "POST /generate/bert-base HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let mut received = String::new();
    while received.matches("data: ").count() < 2 {
        let mut bytes = [0; 1024];
        let length = client.read(&mut bytes).await.unwrap();
        assert!(length > 0, "{received}");
        received.push_str(str::from_utf8(&bytes[..length]).unwrap());
    }
    assert!(!received.contains("event: "), "{received}");
    drop(client);

    let scrape = service.settled(1).await.unwrap();
    assert_requests(&scrape, [("bert-base cancelled", 1)]);
    let cancelled = [BERT_BASE, ("finish_reason", "cancelled")];
    assert_eq!(scrape.value("inference_finish_total", &cancelled), Some(1.0));
    let tokens = scrape.value("inference_output_tokens_total", &[BERT_BASE]).unwrap();
    assert!(tokens >= 2.0, "{tokens}");
    let length = scrape.value("inference_output_token_length_sum", &[BERT_BASE]);
    assert_eq!(length, Some(tokens));
    assert_at_rest(&scrape);
}

/// The answer has begun with 200 by then; the metrics say what became of it.
async fn a_generation_that_takes_too_long_is_a_timeout(framework: Framework) {
    let service = Service::start(framework, &["--timeout-ms", "100"]).await.unwrap();
    let late = generate(&service, &json!({ "prompt": "a cat", "token_delay_ms": 60_000 })).await;
    let end = "event: error\ndata: {\"error\":\"inference took longer than 100 ms\"}\n\n";
    assert_eq!((late.status(), &*late.text()), (200, end));
    let scrape = service.settled(1).await.unwrap();
    assert_requests(&scrape, [("bert-base timeout", 1)]);
    assert_at_rest(&scrape);
}

async fn generate(service: &Service, body: &Value) -> Response {
    let url = service.url("/generate/bert-base");
    Request::post_json(&url, body).send().await.unwrap()
}

/// The number of tokens in a stream that ended well, which must be what its end says.
#[track_caller]
fn events(text: &str) -> u32 {
    let (tokens, done) = text.split_once("event: done\ndata: ").unwrap();
    let done: Value = serde_json::from_str(done).unwrap();
    let count = tokens.matches("data: {\"token\":").count();
    assert_eq!(done["tokens"], count, "{text}");
    u32::try_from(count).unwrap()
}
