//! The global exporter, in a process of its own.

use tower_metrics_inference::{Inference, ModelState};
use tower_metrics_prometheus::Exporter;

/// What is rendered of these families, buckets left out.
fn samples(exporter: &Exporter, families: &[&str]) -> String {
    let text = exporter.render();
    let is_wanted = |line: &&str| families.iter().any(|family| line.starts_with(family));
    let lines: Vec<_> = text.lines().filter(is_wanted).collect();
    lines.join("\n") + "\n"
}

/// A service may register, load and serve before it installs the exporter: from then on everything
/// is there that holds, and nothing that was not seen is counted.
#[test]
fn models_registered_before_the_exporter_are_shown_with_it() {
    let inference = Inference::builder().with_tokens().build().unwrap();
    inference.loading("loaded").unwrap().loaded().set_version("1");
    let idle = inference.register("registered").unwrap();
    idle.set_max_concurrency(8);
    inference.loading("failed").unwrap().failed();
    let seen_before = inference.model("loaded").start();
    inference.model("loaded").start().success();
    let queue = inference.observe_queue_length(|| 3).unwrap();

    let exporter = Exporter::install().unwrap();
    let shown = samples(
        &exporter,
        &[
            "inference_requests_total{",
            "inference_in_flight",
            "inference_max",
            "inference_queue_l",
            "model",
        ],
    );
    let statuses = |model: &str| {
        ["cancelled", "error", "rejected", "success", "timeout"]
            .map(|status| {
                format!(
                    "inference_requests_total{{model_name=\"{model}\",status=\"{status}\"}} 0\n"
                )
            })
            .concat()
    };
    for part in [
        statuses("failed") + &statuses("loaded") + &statuses("registered"),
        "inference_in_flight_requests{model_name=\"failed\"} 0\n\
         inference_in_flight_requests{model_name=\"loaded\"} 0\n\
         inference_in_flight_requests{model_name=\"registered\"} 0\n\
         inference_max_concurrency{model_name=\"registered\"} 8\n"
            .to_owned(),
        "inference_queue_length 3\n".to_owned(),
        "model_info{model_name=\"loaded\",version=\"1\"} 1\n".to_owned(),
        "model_loaded{model_name=\"failed\"} 0\n\
         model_loaded{model_name=\"loaded\"} 1\n\
         model_loaded{model_name=\"registered\"} 0\n"
            .to_owned(),
        "models_loaded_count 1\n".to_owned(),
    ] {
        assert!(shown.contains(&part), "{part} is not in\n{shown}");
    }
    let text = exporter.render();
    assert!(
        text.contains("# HELP inference_finish_total Number of outputs that ended.\n"),
        "{text}"
    );
    assert!(
        text.contains("inference_duration_seconds_bucket{model_name=\"loaded\",le=\"5\"} 0\n"),
        "{text}"
    );

    // Who was counted in where nobody looked is not counted out of what is shown.
    seen_before.success();
    let request = inference.model("loaded").start();
    let gauge = ["inference_in_flight_requests{model_name=\"loaded\"}"];
    assert_eq!(samples(&exporter, &gauge), format!("{} 1\n", gauge[0]));
    request.error("oom");
    assert_eq!(samples(&exporter, &gauge), format!("{} 0\n", gauge[0]));
    let counted = samples(
        &exporter,
        &[
            "inference_requests_total{model_name=\"loaded\"",
            "inference_errors_total{model_name=\"loaded\",error_type=\"oom\"",
        ],
    );
    assert!(counted.contains("status=\"error\"} 1\n"), "{counted}");
    assert!(counted.contains("status=\"success\"} 1\n"), "{counted}");
    assert!(counted.contains("error_type=\"oom\"} 1\n"), "{counted}");

    assert!(inference.unload("loaded"));
    assert_eq!(idle.state(), ModelState::Registered);
    assert_eq!(samples(&exporter, &["models_loaded_count"]), "models_loaded_count 0\n");
    drop(queue);

    // A second registry into the same exporter declares the same.
    assert!(Inference::builder().with_tokens().build().is_ok());
}
