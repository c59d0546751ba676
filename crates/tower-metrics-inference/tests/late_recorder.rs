//! Somebody else's global recorder, in a process of its own.

use metrics_exporter_prometheus::PrometheusBuilder;
use tower_metrics_inference::Inference;

/// Nobody says when a foreign recorder is installed; the first request shows it all.
#[test]
#[expect(clippy::disallowed_methods, reason = "plays the part of another exporter")]
fn a_recorder_installed_after_the_models_gets_them_with_the_first_request() {
    let inference = Inference::builder().build().unwrap();
    let model = inference.loading("m").unwrap().loaded();
    let seen_before = model.start();

    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    assert_eq!(handle.render(), "");

    model.start().success();
    seen_before.error("oom");
    let text = handle.render();
    for line in [
        "inference_requests_total{model_name=\"m\",status=\"success\"} 1",
        "inference_requests_total{model_name=\"m\",status=\"error\"} 1",
        "inference_requests_total{model_name=\"m\",status=\"timeout\"} 0",
        "inference_errors_total{model_name=\"m\",error_type=\"oom\"} 1",
        "inference_errors_total{model_name=\"m\",error_type=\"panic\"} 0",
        "inference_in_flight_requests{model_name=\"m\"} 0",
        "model_loads_total{model_name=\"m\",status=\"success\"} 0",
        "model_loaded{model_name=\"m\"} 1",
        "models_loaded_count 1",
    ] {
        assert!(text.lines().any(|given| given == line), "{line} is not in\n{text}");
    }
}
