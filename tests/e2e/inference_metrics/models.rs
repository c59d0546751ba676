//! Models: loaded, unloaded, and there before their first request.

use http::Method;
use serde_json::{Value, json};
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::http::Request;
use tower_metrics_tests::poll::wait_until;

use super::measured::{BERT_BASE, RESNET50, assert_requests};
use crate::service::{Framework, SOON, Service, for_each_framework, input_taking};

for_each_framework![
    every_series_of_a_model_is_there_before_its_first_request,
    models_load_and_unload_while_the_service_runs,
    a_client_that_gives_up_a_load_has_cancelled_it,
];

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

#[track_caller]
fn assert_loaded(scrape: &Exposition, bert_base: f64) {
    assert_eq!(scrape.value("model_loaded", &[BERT_BASE]), Some(bert_base));
    assert_eq!(scrape.value("model_loaded", &[RESNET50]), Some(1.0));
    assert_eq!(scrape.value("models_loaded_count", &[]), Some(1.0 + bert_base));
}
