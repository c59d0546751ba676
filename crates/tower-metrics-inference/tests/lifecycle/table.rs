//! Which status a request gets, in the order of the rules.

use std::time::{Duration, Instant};

use tower_metrics_inference::{
    FinishReason, InferenceMetric, InferenceRequest, RequestOutcome, Status,
};
use tower_metrics_tests::scripted::{catch_scripted_panic, scripted_panic};

use super::measured::{Measured, measured, measured_with};

const DURATION: &str = "inference_duration_seconds";

/// What is rendered before the first request: every status, and every gauge, at zero.
#[test]
fn a_registered_model_shows_all_its_series_at_zero() {
    measured_with(
        |builder| builder,
        |measured| {
            let text = measured.text();
            let of_requests: Vec<_> = text.lines().filter(|line| !line.contains("le=")).collect();
            assert_eq!(of_requests.join("\n"), REGISTERED.trim());
        },
    );
}

const REGISTERED: &str = r#"
# HELP inference_batch_size Number of inference requests that a model ran together.
# TYPE inference_batch_size histogram
inference_batch_size_sum{model_name="llama"} 0
inference_batch_size_count{model_name="llama"} 0
# HELP inference_duration_seconds Time from the arrival of an inference request to its end.
# TYPE inference_duration_seconds histogram
inference_duration_seconds_sum{model_name="llama"} 0
inference_duration_seconds_count{model_name="llama"} 0
# HELP inference_errors_total Number of inference requests that failed.
# TYPE inference_errors_total counter
inference_errors_total{model_name="llama",error_type="error"} 0
inference_errors_total{model_name="llama",error_type="panic"} 0
# HELP inference_in_flight_requests Number of inference requests that have arrived and not ended yet.
# TYPE inference_in_flight_requests gauge
inference_in_flight_requests{model_name="llama"} 0
# HELP inference_input_token_length Number of tokens in the input of an inference request.
# TYPE inference_input_token_length histogram
inference_input_token_length_sum{model_name="llama"} 0
inference_input_token_length_count{model_name="llama"} 0
# HELP inference_queue_duration_seconds Time an inference request waited for its start.
# TYPE inference_queue_duration_seconds histogram
inference_queue_duration_seconds_sum{model_name="llama"} 0
inference_queue_duration_seconds_count{model_name="llama"} 0
# HELP inference_requests_total Number of inference requests that ended.
# TYPE inference_requests_total counter
inference_requests_total{model_name="llama",status="cancelled"} 0
inference_requests_total{model_name="llama",status="error"} 0
inference_requests_total{model_name="llama",status="rejected"} 0
inference_requests_total{model_name="llama",status="success"} 0
inference_requests_total{model_name="llama",status="timeout"} 0
# HELP inference_running_requests Number of inference requests that have started and not ended yet.
# TYPE inference_running_requests gauge
inference_running_requests{model_name="llama"} 0
# HELP inference_waiting_requests Number of inference requests that wait for their start.
# TYPE inference_waiting_requests gauge
inference_waiting_requests{model_name="llama"} 0
# HELP model_load_duration_seconds Time that loading a model took.
# TYPE model_load_duration_seconds histogram
model_load_duration_seconds_sum{model_name="llama"} 0
model_load_duration_seconds_count{model_name="llama"} 0
# HELP model_loaded Whether the model is loaded: 1 if it is, else 0.
# TYPE model_loaded gauge
model_loaded{model_name="llama"} 0
# HELP model_loads_total Number of model loads that ended.
# TYPE model_loads_total counter
model_loads_total{model_name="llama",status="cancelled"} 0
model_loads_total{model_name="llama",status="error"} 0
model_loads_total{model_name="llama",status="success"} 0
# HELP model_unloads_total Number of times a model was unloaded.
# TYPE model_unloads_total counter
model_unloads_total{model_name="llama"} 0
# HELP models_loaded_count Number of models loaded.
# TYPE models_loaded_count gauge
models_loaded_count 0
"#;

/// Names, labels and buckets of the specification, letter by letter.
#[test]
fn names_labels_and_buckets_are_those_that_queries_expect() {
    let table: Vec<_> = InferenceMetric::ALL
        .iter()
        .map(|metric| {
            let spec = metric.spec();
            let edges = spec.buckets().map(|buckets| buckets.edges().to_vec());
            (metric.name(), metric.labels().join(","), edges.unwrap_or_default())
        })
        .collect();
    let token_times = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
        20.0, 40.0, 80.0, 160.0,
    ];
    let inter_token = [
        0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.06, 0.08, 0.1, 0.2,
        0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 8.0,
    ];
    let general = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
    let input = [32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0];
    for (name, labels, edges) in [
        ("inference_requests_total", "model_name,status", &[][..]),
        ("inference_duration_seconds", "model_name", &general),
        ("inference_in_flight_requests", "model_name", &[]),
        ("inference_input_token_length", "model_name", &input),
        ("inference_queue_length", "", &[]),
        ("model_loaded", "model_name", &[]),
        ("models_loaded_count", "", &[]),
        ("inference_errors_total", "model_name,error_type", &[]),
        ("inference_max_concurrency", "model_name", &[]),
        ("model_loads_total", "model_name,status", &[]),
        ("model_unloads_total", "model_name", &[]),
        ("model_info", "model_name,version", &[]),
        ("inference_time_to_first_token_seconds", "model_name", &token_times),
        ("inference_inter_token_latency_seconds", "model_name", &inter_token),
        ("inference_input_tokens_total", "model_name", &[]),
        ("inference_output_tokens_total", "model_name", &[]),
        ("inference_finish_total", "model_name,finish_reason", &[]),
        ("batch_inference_processed_total", "model_name,status", &[]),
        ("batch_inference_item_duration_seconds", "model_name", &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0]),
        ("batch_inference_duration_seconds", "model_name", &[]),
        ("batch_inference_last_success_timestamp_seconds", "model_name", &[]),
    ] {
        assert!(table.contains(&(name, labels.to_owned(), edges.to_vec())), "{name}: {table:?}");
    }
}

/// A way to end a request after one second, and what is to be counted then.
struct Row {
    status: Status,
    error_type: &'static str,
    end: fn(&Measured, InferenceRequest),
}

fn row(status: Status, end: fn(&Measured, InferenceRequest)) -> Row {
    let error_type = if status == Status::Error { "panic" } else { "" };
    Row { status, error_type, end }
}

fn unwind_with(request: InferenceRequest) {
    let unwound: Option<()> = catch_scripted_panic(|| {
        let _request = request;
        scripted_panic()
    });
    assert_eq!(unwound, None);
}

fn over(request: InferenceRequest) -> InferenceRequest {
    request.with_time_limit(Duration::from_secs(1))
}

fn complete(mut request: InferenceRequest) -> InferenceRequest {
    request.complete_output(FinishReason::Length);
    request
}

/// The rules of the specification, each also where a later one would say something else.
#[test]
fn a_request_has_the_status_of_the_first_rule_that_applies() {
    use Status::{Cancelled, Error, Rejected, Success, Timeout};
    let told = |error_type| Row { status: Error, error_type, end: |_, _| {} };
    for Row { status, error_type, end } in [
        // Finished explicitly.
        row(Success, |_, request| request.success()),
        row(Success, |_, request| over(request).success()),
        row(Timeout, |_, request| request.timeout()),
        row(Timeout, |_, request| complete(request).timeout()),
        row(Rejected, |_, request| request.reject()),
        row(Cancelled, |_, request| request.end(RequestOutcome::Cancelled)),
        row(Cancelled, |_, request| over(complete(request)).end(RequestOutcome::Cancelled)),
        Row { end: |_, request| request.error("oom"), ..told("oom") },
        Row { end: |_, request| over(request).error("oom"), ..told("oom") },
        // Dropped while panicking.
        row(Error, |_, request| unwind_with(request)),
        row(Error, |_, request| unwind_with(over(request))),
        row(Error, |_, request| unwind_with(complete(request))),
        // Dropped after its deadline.
        row(Timeout, |_, request| drop(over(request))),
        row(Timeout, |_, request| drop(over(complete(request)))),
        row(Timeout, |_, request| drop(request.with_time_limit(Duration::ZERO))),
        row(Timeout, |_, request| drop(request.with_deadline(Instant::now()))),
        row(Timeout, |measured, request| {
            let request = request.with_deadline(Instant::now() + Duration::from_secs(60));
            measured.pass(60);
            drop(request);
        }),
        // Its final item was delivered.
        row(Success, |_, request| drop(complete(request))),
        row(Success, |_, request| {
            drop(complete(request).with_time_limit(Duration::from_secs(100)));
        }),
        // Otherwise.
        row(Cancelled, |_, request| drop(request)),
        row(Cancelled, |_, request| drop(request.with_time_limit(Duration::from_secs(100)))),
        row(Cancelled, |_, request| drop(request.with_time_limit(Duration::MAX))),
        row(Cancelled, |_, request| {
            drop(request.with_deadline(Instant::now() + Duration::from_secs(100)));
        }),
    ] {
        measured(|measured| {
            let request = measured.model.start();
            assert_eq!(measured.gauges(), [1, 0, 1]);
            measured.pass(1);
            end(measured, request);

            assert_eq!(measured.statuses(), format!("{} 1", status.as_str()));
            let error = if status == Error { format!("{error_type} 1") } else { String::new() };
            assert_eq!(measured.by_label("inference_errors_total", "error_type"), error);
            let (count, sum) = measured.histogram(DURATION);
            assert_eq!(count > 0, status != Rejected, "{status:?}");
            assert_eq!(sum >= 1, status != Rejected, "{status:?}");
            assert_eq!(measured.gauges(), [0; 3]);
        });
    }
}

/// The same request, seen by an operator: the text itself.
#[test]
fn a_failure_is_counted_timed_and_explained() {
    measured(|measured| {
        let request = measured.model.start();
        measured.pass(3);
        request.error("out_of_memory");
        let expected = r#"
inference_duration_seconds_bucket{model_name="llama",le="2.5"} 0
inference_duration_seconds_bucket{model_name="llama",le="5"} 1
inference_duration_seconds_bucket{model_name="llama",le="+Inf"} 1
inference_duration_seconds_sum{model_name="llama"} 3
inference_duration_seconds_count{model_name="llama"} 1
# HELP inference_errors_total Number of inference requests that failed.
# TYPE inference_errors_total counter
inference_errors_total{model_name="llama",error_type="error"} 0
inference_errors_total{model_name="llama",error_type="out_of_memory"} 1
inference_errors_total{model_name="llama",error_type="panic"} 0
"#;
        let text = measured.text();
        assert!(text.contains(expected), "{text}");
    });
}

/// Who limits a request from outside does so by another clock, which runs a little differently.
#[test]
fn a_drop_just_before_the_deadline_is_a_timeout() {
    for (limit, seconds, status) in
        [(1_000, 1_000, "timeout"), (1_000, 999, "timeout"), (1_000, 990, "cancelled")]
    {
        measured(|measured| {
            let request = measured.model.start().with_time_limit(Duration::from_secs(limit));
            measured.pass(seconds);
            drop(request);
            assert_eq!(measured.statuses(), format!("{status} 1"), "{seconds}");
        });
    }
}

/// A request that is over stays as it is counted.
#[test]
fn a_request_refused_at_once_was_never_in_flight() {
    measured(|measured| {
        measured.model.reject();
        assert_eq!(measured.statuses(), "rejected 1");
        assert_eq!(measured.histogram(DURATION), (0, 0));
        assert_eq!(measured.gauges(), [0; 3]);
    });
}

/// What was refused was not read either.
#[test]
fn the_input_is_counted_unless_the_request_is_refused() {
    for (status, end) in [
        (Status::Success, InferenceRequest::success as fn(InferenceRequest)),
        (Status::Cancelled, drop),
        (Status::Rejected, InferenceRequest::reject),
    ] {
        measured(|measured| {
            let mut request = measured.model.start();
            request.set_input_tokens(1);
            request.set_input_tokens(40);
            end(request);
            let expected = if status == Status::Rejected { (0, 0) } else { (1, 40) };
            assert_eq!(measured.histogram("inference_input_token_length"), expected, "{status:?}");
            assert_eq!(measured.value("inference_input_tokens_total"), expected.1, "{status:?}");
        });
    }
}
