//! What the example service says about its models, their requests and their tokens.

#![expect(clippy::indexing_slicing, reason = "a series that is missing fails its test")]

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::http::{Request, Response};
use tower_metrics_tests::poll::wait_until;

use crate::service::{Framework, SOON, Service, for_each_framework, input_taking};

for_each_framework![
    every_series_of_a_model_is_there_before_its_first_request,
    requests_are_counted_by_how_they_end,
    names_that_clients_make_up_create_no_series,
    a_generation_counts_the_tokens_that_it_sends,
    a_client_that_leaves_a_generation_has_cancelled_it_and_its_tokens_count,
    a_generation_that_takes_too_long_is_a_timeout,
    a_client_that_gives_up_a_prediction_has_cancelled_it,
    models_load_and_unload_while_the_service_runs,
    a_client_that_gives_up_a_load_has_cancelled_it,
    requests_wait_for_their_turn_and_are_refused_when_too_many_do,
];

const RESNET50: (&str, &str) = ("model_name", "resnet50");
const BERT_BASE: (&str, &str) = ("model_name", "bert-base");

/// Dashboards and alerts have no gaps: a rate is known from the first request on.
async fn every_series_of_a_model_is_there_before_its_first_request(framework: Framework) {
    let service = Service::start(framework, &["--max-concurrency", "3"]).await.unwrap();
    let scrape = Exposition::scrape(&service.url("/metrics")).await.unwrap();
    for model in [RESNET50, BERT_BASE] {
        for status in ["success", "error", "timeout", "cancelled", "rejected"] {
            let labels = [model, ("status", status)];
            assert_eq!(scrape.value("inference_requests_total", &labels), Some(0.0), "{labels:?}");
        }
        for (name, value) in [
            ("inference_duration_seconds_count", 0.0),
            ("inference_in_flight_requests", 0.0),
            ("inference_waiting_requests", 0.0),
            ("inference_running_requests", 0.0),
            ("inference_queue_duration_seconds_count", 0.0),
            ("inference_input_token_length_count", 0.0),
            ("inference_max_concurrency", 3.0),
            ("inference_time_to_first_token_seconds_count", 0.0),
            ("inference_output_tokens_total", 0.0),
            ("model_loaded", 1.0),
            ("model_load_duration_seconds_count", 1.0),
            ("model_unloads_total", 0.0),
        ] {
            assert_eq!(scrape.value(name, &[model]), Some(value), "{name} of {model:?}");
        }
        let info = scrape.value("model_info", &[model, ("version", "1")]);
        assert_eq!(info, Some(1.0), "{model:?}");
        let loads = scrape.value("model_loads_total", &[model, ("status", "success")]);
        assert_eq!(loads, Some(1.0), "{model:?}");
    }
    assert_eq!(scrape.value("models_loaded_count", &[]), Some(2.0));
    assert_eq!(scrape.value("inference_queue_length", &[]), Some(0.0));
    assert_eq!(scrape.sum("inference_requests_total", &[("model_name", "unknown")]), None);
}

/// Known traffic, and every number that follows from it.
async fn requests_are_counted_by_how_they_end(framework: Framework) {
    let service = Service::start(framework, &["--timeout-ms", "100"]).await.unwrap();
    for (model, body, status) in [
        ("resnet50", input_taking(0), 200),
        ("resnet50", input_taking(0), 200),
        ("resnet50", input_taking(60_000), 504),
        ("resnet50", json!({}), 422),
        ("bert-base", input_taking(0), 200),
        ("bert-base", json!({ "input": "two words", "fail": true }), 500),
        ("bert-base", json!({ "input": "two words", "fail": true }), 500),
        ("nope", input_taking(0), 404),
        ("unknown", input_taking(0), 404),
    ] {
        assert_eq!(service.predict(model, &body).await.unwrap().status(), status, "{model}");
    }
    let scrape = service.settled(9).await.unwrap();
    assert_requests(
        &scrape,
        [
            ("resnet50 success", 2),
            ("resnet50 timeout", 1),
            ("resnet50 rejected", 1),
            ("bert-base success", 1),
            ("bert-base error", 2),
            ("unknown rejected", 2),
        ],
    );
    let errors = [BERT_BASE, ("error_type", "simulated")];
    assert_eq!(scrape.value("inference_errors_total", &errors), Some(2.0));
    assert_eq!(scrape.sum("inference_errors_total", &[]), Some(2.0));
    // Three times "a photo of a cat"; once that and twice two words.
    for (model, requests, tokens) in [(RESNET50, 3.0, 15.0), (BERT_BASE, 3.0, 9.0)] {
        let value = |name| scrape.value(name, &[model]);
        assert_eq!(value("inference_duration_seconds_count"), Some(requests));
        assert_eq!(value("inference_queue_duration_seconds_count"), Some(requests));
        assert_eq!(value("inference_input_token_length_count"), Some(requests));
        assert_eq!(value("inference_input_token_length_sum"), Some(tokens));
        assert_eq!(value("inference_input_tokens_total"), Some(tokens));
    }
    assert_at_rest(&scrape);
}

/// A label's values are the application's, whatever is sent.
async fn names_that_clients_make_up_create_no_series(framework: Framework) {
    const NAMES: u32 = 2_000;
    let service = Service::start(framework, &[]).await.unwrap();
    service.predict("nope", &input_taking(0)).await.unwrap();
    service.predict("resnet50", &input_taking(0)).await.unwrap();
    let before = service.settled(2).await.unwrap();

    let walk = stream::iter(0..NAMES).for_each_concurrent(16, async |number| {
        let answer = service.predict(&format!("model-{number}"), &input_taking(0)).await;
        assert_eq!(answer.unwrap().status(), 404);
    });
    walk.await;
    let after = service.settled(NAMES + 2).await.unwrap();
    assert_requests(&after, [("resnet50 success", 1), ("unknown rejected", NAMES + 1)]);
    assert_eq!(after.series_count(), before.series_count());
}

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

/// The model is not asked to compute for nobody.
async fn a_client_that_gives_up_a_prediction_has_cancelled_it(framework: Framework) {
    let service = Service::start(framework, &["--timeout-ms", "600000"]).await.unwrap();
    let endless = input_taking(600_000);
    tokio::select! {
        answer = service.predict("resnet50", &endless) => panic!("{answer:?}"),
        busy = service.busy() => busy.unwrap(),
    }
    let scrape = service.settled(1).await.unwrap();
    assert_requests(&scrape, [("resnet50 cancelled", 1)]);
    assert_eq!(scrape.value("inference_duration_seconds_count", &[RESNET50]), Some(1.0));
    assert_at_rest(&scrape);
}

/// The gauges follow what the service can answer.
async fn models_load_and_unload_while_the_service_runs(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    let ask = async |path: &str, body: &Value| {
        let answer = Request::post_json(&service.url(path), body).send().await.unwrap();
        (answer.status(), answer.json().unwrap())
    };
    let bert_base = |state| json!({ "name": "bert-base", "state": state, "version": "1" });
    let resnet50 = json!({ "name": "resnet50", "state": "loaded", "version": "1" });
    let models = service.get("/models").await.unwrap().json().unwrap();
    assert_eq!(models, json!({ "models": [bert_base("loaded"), resnet50] }));

    // Twice: the second time there is nothing to do, and nothing to count.
    for _ in 0..2 {
        let unloaded = ask("/models/bert-base/unload", &json!(null)).await;
        assert_eq!(unloaded, (200, bert_base("unloaded")));
    }
    let refused = service.predict("bert-base", &input_taking(0)).await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.json().unwrap(), json!({ "error": "model \"bert-base\" is not loaded" }));
    let unloaded = service.settled(4).await.unwrap();
    assert_requests(&unloaded, [("bert-base rejected", 1)]);
    assert_loaded(&unloaded, 0.0);
    assert_eq!(unloaded.value("model_unloads_total", &[BERT_BASE]), Some(1.0));

    let failed = ask("/models/bert-base/load", &json!({ "fail": true, "delay_ms": 0 })).await;
    assert_eq!(failed, (500, json!({ "error": "loading bert-base failed" })));
    let models = service.get("/models").await.unwrap().json().unwrap();
    assert_eq!(models, json!({ "models": [bert_base("failed"), resnet50] }));
    assert_loaded(&service.settled(6).await.unwrap(), 0.0);

    let load = Request::new(Method::POST, &service.url("/models/bert-base/load"));
    let loaded = load.send().await.unwrap();
    assert_eq!((loaded.status(), loaded.json().unwrap()), (200, bert_base("loaded")));
    assert_eq!(service.predict("bert-base", &input_taking(0)).await.unwrap().status(), 200);
    let loaded = service.settled(8).await.unwrap();
    assert_loaded(&loaded, 1.0);
    for (status, count) in [("success", 2.0), ("error", 1.0), ("cancelled", 0.0)] {
        let loads = loaded.value("model_loads_total", &[BERT_BASE, ("status", status)]);
        assert_eq!(loads, Some(count), "{status}");
    }
    let durations = loaded.value("model_load_duration_seconds_count", &[BERT_BASE]);
    assert_eq!(durations, Some(3.0));

    for path in ["/models/nope/load", "/models/nope/unload"] {
        let unknown = ask(path, &json!({})).await;
        assert_eq!(unknown, (404, json!({ "error": "there is no model \"nope\"" })), "{path}");
    }
    let scrape = service.settled(10).await.unwrap();
    assert_eq!(scrape.sum("model_loads_total", &[("model_name", "nope")]), None);
}

/// A model that is being loaded says so, and one that nobody waits for is not loaded.
async fn a_client_that_gives_up_a_load_has_cancelled_it(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    let unload = Request::new(Method::POST, &service.url("/models/bert-base/unload"));
    unload.send().await.unwrap();
    let endless = json!({ "delay_ms": 600_000 });
    let load = Request::post_json(&service.url("/models/bert-base/load"), &endless);
    let state = async |wanted: &str| {
        let shown = wait_until(wanted, SOON, async || {
            let models = service.get("/models").await.unwrap().json().unwrap();
            (models["models"][0]["state"] == wanted).then_some(())
        });
        shown.await.unwrap();
    };
    tokio::select! {
        answer = load.send() => panic!("{answer:?}"),
        () = state("loading") => {}
    }
    state("unloaded").await;
    let scrape = Exposition::scrape(&service.url("/metrics")).await.unwrap();
    assert_loaded(&scrape, 0.0);
    let cancelled = scrape.value("model_loads_total", &[BERT_BASE, ("status", "cancelled")]);
    assert_eq!(cancelled, Some(1.0));
}

/// One runs, one waits, one is refused.
async fn requests_wait_for_their_turn_and_are_refused_when_too_many_do(framework: Framework) {
    let arguments = ["--timeout-ms", "600000", "--max-concurrency", "1", "--max-waiting", "1"];
    let service = Service::start(framework, &arguments).await.unwrap();
    let endless = input_taking(600_000);
    let busy = service.scrape_until("one that runs and one that waits", |scrape| {
        scrape.value("inference_running_requests", &[RESNET50]) == Some(1.0)
            && scrape.value("inference_waiting_requests", &[RESNET50]) == Some(1.0)
            && scrape.value("inference_queue_length", &[]) == Some(1.0)
    });
    let full = async {
        let scrape = busy.await.unwrap();
        assert_eq!(scrape.value("inference_in_flight_requests", &[RESNET50]), Some(2.0));
        let refused = service.predict("resnet50", &endless).await.unwrap();
        let error = json!({ "error": "too many requests are waiting already" });
        assert_eq!((refused.status(), refused.json().unwrap()), (429, error));
        // The other model has a turn of its own.
        let other = service.predict("bert-base", &input_taking(0)).await.unwrap();
        assert_eq!(other.status(), 200);
    };
    tokio::select! {
        answer = service.predict("resnet50", &endless) => panic!("{answer:?}"),
        answer = service.predict("resnet50", &endless) => panic!("{answer:?}"),
        () = full => {}
    }
    let scrape = service.settled(4).await.unwrap();
    let requests = [("resnet50 cancelled", 2), ("resnet50 rejected", 1), ("bert-base success", 1)];
    assert_requests(&scrape, requests);
    // Whether the second one still got its turn depends on which connection was closed first.
    let started = scrape.value("inference_queue_duration_seconds_count", &[RESNET50]).unwrap();
    assert!((1.0..=2.0).contains(&started), "{started}");
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

/// Expects these requests, each with model and status, and no other.
#[track_caller]
fn assert_requests<const N: usize>(scrape: &Exposition, requests: [(&str, u32); N]) {
    let samples = scrape.family("inference_requests_total").unwrap().samples();
    let counted = samples.iter().filter(|sample| sample.value() > 0.0).map(|sample| {
        let labels = sample.labels();
        (format!("{} {}", labels["model_name"], labels["status"]), sample.value())
    });
    let expected = requests.map(|(key, count)| (key.to_owned(), f64::from(count)));
    assert_eq!(counted.collect::<BTreeMap<_, _>>(), BTreeMap::from(expected));
}

#[track_caller]
fn assert_loaded(scrape: &Exposition, bert_base: f64) {
    assert_eq!(scrape.value("model_loaded", &[BERT_BASE]), Some(bert_base));
    assert_eq!(scrape.value("model_loaded", &[RESNET50]), Some(1.0));
    assert_eq!(scrape.value("models_loaded_count", &[]), Some(1.0 + bert_base));
}

/// Expects that nothing is going on, and that each request with a duration has one.
#[track_caller]
fn assert_at_rest(scrape: &Exposition) {
    for gauge in
        ["in_flight", "waiting", "running"].map(|what| format!("inference_{what}_requests"))
    {
        for sample in scrape.family(&gauge).unwrap().samples() {
            assert!(sample.value().abs() < 0.5, "{sample:?}");
        }
    }
    assert_eq!(scrape.value("inference_queue_length", &[]), Some(0.0));
    let all = scrape.sum("inference_requests_total", &[]).unwrap();
    let rejected = scrape.sum("inference_requests_total", &[("status", "rejected")]).unwrap();
    let durations = scrape.sum("inference_duration_seconds_count", &[]);
    assert_eq!(durations, Some(all - rejected));
}
