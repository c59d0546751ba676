//! Predictions: each counted by how it ends.

use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::measured::{BERT_BASE, RESNET50, assert_at_rest, assert_requests};
use crate::service::{Framework, Service, for_each_framework, input_taking};

for_each_framework![
    requests_are_counted_by_how_they_end,
    names_that_clients_make_up_create_no_series,
    a_client_that_gives_up_a_prediction_has_cancelled_it,
    requests_wait_for_their_turn_and_are_refused_when_too_many_do,
];

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

/// One runs, one waits, one is refused.
async fn requests_wait_for_their_turn_and_are_refused_when_too_many_do(framework: Framework) {
    let arguments = ["--timeout-ms", "600000", "--max-concurrency", "1", "--max-waiting", "1"];
    let service = Service::start(framework, &arguments).await.unwrap();
    let endless = input_taking(600_000);
    let busy = service.scrape_until("one that runs and one that waits", |scrape| {
        scrape.value("inference_in_flight_requests", &[RESNET50]) == Some(2.0)
            && scrape.value("inference_running_requests", &[RESNET50]) == Some(1.0)
            && scrape.value("inference_waiting_requests", &[RESNET50]) == Some(1.0)
            && scrape.value("inference_queue_length", &[]) == Some(1.0)
    });
    let full = async {
        busy.await.unwrap();
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
