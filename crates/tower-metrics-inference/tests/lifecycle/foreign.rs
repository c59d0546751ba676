//! Recorders of others, which know no declarations, and forget what is not used.

use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;
use quanta::{Clock, Mock};
use tower_metrics_core::backend::Describing;
use tower_metrics_inference::{Inference, Model};

use super::measured::series;

/// Runs a test with metrics that go into the recorder of somebody else, while time stands still.
fn recorded_by(
    builder: PrometheusBuilder,
    test: impl FnOnce(&Inference, &Model, &PrometheusHandle, &Mock),
) {
    let (clock, time) = Clock::mock();
    quanta::with_clock(&clock, || {
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let inference = Inference::builder().with_recorder(Describing::new(recorder));
        let inference = inference.with_tokens().build().unwrap();
        let model = inference.register("m").unwrap();
        test(&inference, &model, &handle, &time);
    });
}

/// As [`recorded_by`], with a recorder that forgets whatever was not used between two scrapes.
fn forgetful(test: impl FnOnce(&Inference, &Model, &PrometheusHandle, &Mock)) {
    let at_once = Some(Duration::from_nanos(1));
    recorded_by(PrometheusBuilder::new().idle_timeout(MetricKindMask::ALL, at_once), test);
}

fn forget(handle: &PrometheusHandle) {
    for _ in 0..2 {
        handle.render();
    }
    assert_eq!(handle.render(), "");
}

/// The series of the model that are not zero: `{status="error"} 1, {status="success"} 2`. One
/// rendering after the other would have this recorder forget what the first one showed.
fn counted(text: &str, metric: &str) -> String {
    let mut lines = series(text, metric);
    lines.retain(|line| !line.ends_with(" 0"));
    lines.sort();
    lines.join(", ").replace("model_name=\"m\",", "").replace("{model_name=\"m\"} ", "")
}

/// Counts are the same, and help texts are there; buckets are up to the recorder.
#[test]
fn a_recorder_of_others_counts_and_explains() {
    recorded_by(PrometheusBuilder::new(), |inference, model, handle, time| {
        inference.loading("m").unwrap().loaded();
        let mut request = model.enqueue().start();
        request.record_tokens(2);
        time.increment(Duration::from_secs(3));
        request.record_tokens(2);
        request.success();
        drop(model.start());

        let text = handle.render();
        for line in [
            "# HELP inference_requests_total Number of inference requests that ended.",
            "inference_requests_total{model_name=\"m\",status=\"success\"} 1",
            "inference_requests_total{model_name=\"m\",status=\"cancelled\"} 1",
            "inference_requests_total{model_name=\"m\",status=\"timeout\"} 0",
            "inference_duration_seconds_sum{model_name=\"m\"} 3",
            "inference_duration_seconds_count{model_name=\"m\"} 2",
            "inference_inter_token_latency_seconds_sum{model_name=\"m\"} 3",
            "inference_inter_token_latency_seconds_count{model_name=\"m\"} 2",
            "inference_time_per_output_token_seconds_sum{model_name=\"m\"} 1",
            "inference_in_flight_requests{model_name=\"m\"} 0",
            "model_loaded{model_name=\"m\"} 1",
            "models_loaded_count 1",
        ] {
            assert!(text.lines().any(|given| given == line), "{line} is not in\n{text}");
        }
    });
}

/// What is recorded after a pause goes into series that the recorder still knows.
#[test]
fn series_forgotten_in_a_pause_come_back_with_the_next_request() {
    forgetful(|_, model, handle, time| {
        for _ in 0..3 {
            model.start().success();
            let text = handle.render();
            assert_eq!(counted(&text, "inference_requests_total"), "{status=\"success\"} 1");
            forget(handle);
            time.increment(Duration::from_secs(6));
        }
    });
}

/// And with them what holds without requests: every status, and that the model is loaded.
#[test]
fn the_first_request_after_a_pause_shows_the_model_anew() {
    forgetful(|inference, model, handle, time| {
        inference.loading("m").unwrap().loaded();
        model.set_version("1");
        model.set_max_concurrency(8);
        forget(handle);
        time.increment(Duration::from_secs(6));
        let request = model.start();
        let text = handle.render();
        for line in [
            "inference_requests_total{model_name=\"m\",status=\"timeout\"} 0",
            "inference_max_concurrency{model_name=\"m\"} 8",
            "inference_in_flight_requests{model_name=\"m\"} 1",
            "model_info{model_name=\"m\",version=\"1\"} 1",
            "model_loaded{model_name=\"m\"} 1",
            "models_loaded_count 1",
        ] {
            assert!(text.lines().any(|given| given == line), "{line} is not in\n{text}");
        }
        drop(request);
    });
}

/// Each series is forgotten for itself: that others of the same model are in use tells nothing.
#[test]
fn a_rare_ending_is_recorded_though_the_model_is_always_in_use() {
    forgetful(|inference, model, handle, time| {
        let in_use_for_long = || {
            for _ in 0..4 {
                time.increment(Duration::from_secs(4));
                model.start().success();
                handle.render();
            }
        };
        for _ in 0..2 {
            in_use_for_long();
            model.start().error("oom");
            let text = handle.render();
            let requests = counted(&text, "inference_requests_total");
            assert!(requests.starts_with("{status=\"error\"} 1"), "{requests}");
            assert_eq!(counted(&text, "inference_errors_total"), "{error_type=\"oom\"} 1");
        }

        in_use_for_long();
        let queued = model.enqueue();
        assert_eq!(counted(&handle.render(), "inference_waiting_requests"), "1");
        let mut request = queued.start();
        request.set_input_tokens(5);
        request.record_tokens(3);
        request.record_tokens(4);
        request.success();
        model.record_batch_size(2);
        inference.loading("m").unwrap().failed();
        let text = handle.render();
        for (metric, expected) in [
            ("inference_waiting_requests", ""),
            ("inference_queue_duration_seconds_count", "1"),
            ("inference_input_tokens_total", "5"),
            ("inference_input_token_length_sum", "5"),
            ("inference_output_tokens_total", "7"),
            ("inference_output_token_length_sum", "7"),
            ("inference_inter_token_latency_seconds_count", "4"),
            ("inference_time_to_first_token_seconds_count", "1"),
            ("inference_time_per_output_token_seconds_count", "1"),
            ("inference_finish_total", "{finish_reason=\"stop\"} 1"),
            ("inference_batch_size_sum", "2"),
            ("model_loads_total", "{status=\"error\"} 1"),
            ("model_load_duration_seconds_count", "1"),
        ] {
            assert_eq!(counted(&text, metric), expected, "{metric}");
        }
    });
}

/// A request that outlives its series is recorded all the same, and never counted out of a gauge
/// that did not count it in.
#[test]
fn a_request_that_outlives_its_series_is_recorded() {
    for it_ends_first in [true, false] {
        forgetful(|_, model, handle, time| {
            let mut request = model.start();
            request.record_tokens(1);
            forget(handle);
            time.increment(Duration::from_secs(6));
            let another = model.start();
            request.record_tokens(2);
            if it_ends_first {
                request.success();
                another.success();
            } else {
                another.success();
                request.success();
            }
            let text = handle.render();
            assert_eq!(counted(&text, "inference_output_tokens_total"), "2");
            assert_eq!(counted(&text, "inference_requests_total"), "{status=\"success\"} 2");
            assert_eq!(counted(&text, "inference_in_flight_requests"), "");
            assert_eq!(counted(&text, "inference_running_requests"), "");
        });
    }
}
