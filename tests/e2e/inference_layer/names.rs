//! Where the model's name comes from, and what a client can make of it.

use std::borrow::Cow;
use std::panic::resume_unwind;

use http::{Request, Response};
use tower_metrics::inference::{Inference, InferenceLayer, ModelName};
use tower_metrics_tests::scripted::{FutureStep, ScriptedBody, ScriptedService};

use super::measured::{Measured, inference};

const SUCCESS: &[&str] = &["requests resnet50 success 1", "durations resnet50 1"];
const UNKNOWN: &[&str] = &["requests unknown success 1", "durations unknown 1"];

/// The path as the router of any framework would read it.
#[test]
fn a_template_names_the_model() {
    for (path, expected) in [
        ("/predict/resnet50", SUCCESS),
        ("/predict/resnet50?top=3", SUCCESS),
        ("https://example.com/predict/resnet50", SUCCESS),
        ("/predict/%72esnet5%30", SUCCESS),
        ("/predict/resnet51", UNKNOWN),
        ("/predict/RESNET50", UNKNOWN),
        ("/predict/unknown", UNKNOWN),
        ("/predict/%ff", UNKNOWN),
        ("/predict/resnet50/", &[]),
        ("/predict/", &[]),
        ("/predict", &[]),
        ("/other/resnet50", &[]),
        ("/", &[]),
    ] {
        let measured = Measured::new();
        measured.visit(path);
        measured.assert_for(path, expected);
    }
}

/// Several routes under one layer, and names with a slash in them.
#[test]
fn templates_may_be_several() {
    let (exporter, inference) = inference();
    inference.register("meta/llama").unwrap();
    let names = ["/generate/{model_name}", "/models/{*model_name}"];
    let layer = InferenceLayer::new(&inference, ModelName::templates(names).unwrap());
    let measured = Measured { exporter, layer };
    measured.visit("/generate/resnet50");
    measured.visit("/generate/meta%2Fllama");
    measured.visit("/models/meta/llama");
    measured.assert(&[
        "requests meta/llama success 2",
        "requests resnet50 success 1",
        "durations meta/llama 2",
        "durations resnet50 1",
    ]);
}

/// What cannot work says so when it is made.
#[test]
fn a_template_without_the_name_is_refused() {
    for (templates, refused) in [
        (&["/predict/{name}"][..], "/predict/{name}"),
        (&["/predict/{{model_name}}"], "/predict/{{model_name}}"),
        (&["/{model_name}", "/{model_name}"], "/{model_name}"),
        (&["/{model_name}/{"], "/{model_name}/{"),
        (&["/x{*model_name}/y"], "/x{*model_name}/y"),
    ] {
        let error = ModelName::templates(templates.iter().copied()).unwrap_err();
        assert_eq!(error.template(), refused);
        assert!(error.to_string().starts_with("path template "), "{error}");
    }
}

/// The name may stand anywhere in the head; a request that has none is not measured.
#[test]
fn a_function_names_the_model() {
    let name =
        ModelName::from_fn(|head| head.headers.get("x-model")?.to_str().ok().map(Cow::Borrowed));
    let measured = Measured::named(name, |layer| layer);
    for (header, value) in [("x-model", "resnet50"), ("x-model", "x"), ("x-other", "resnet50")] {
        let response = Response::new(ScriptedBody::new([]).with_end_told());
        let service = ScriptedService::new([FutureStep::Answer(response)]);
        let request = Request::post("/v1/chat").header(header, value).body(()).unwrap();
        assert!(measured.call(request, service).poll().is_ready());
    }
    measured.assert(&[
        "requests resnet50 success 1",
        "requests unknown success 1",
        "durations resnet50 1",
        "durations unknown 1",
    ]);
}

/// Metrics are never the reason for a failure.
#[test]
fn a_panic_of_that_function_leaves_the_request_alone() {
    for name in [
        ModelName::from_fn(|_| resume_unwind(Box::new("a panic of the function"))),
        ModelName::from_extractor(|_| resume_unwind(Box::new("a panic of the function"))),
    ] {
        let measured = Measured::named(name, |layer| layer);
        measured.visit("/predict/resnet50");
        measured.assert(&[]);
    }
}

/// A client that makes names up creates no series but those of `unknown`.
#[test]
fn made_up_names_create_no_series() {
    let measured = Measured::new();
    measured.visit("/predict/made-up");
    let before = measured.exporter.render().lines().count();
    for n in 0..10_000 {
        measured.visit(&format!("/predict/model-{n}"));
    }
    assert_eq!(measured.exporter.render().lines().count(), before);
    measured.assert(&["requests unknown success 10001", "durations unknown 10001"]);
}

/// A refused request for an unknown model, as Prometheus sees it: nothing of it hangs on a clock.
#[test]
fn a_refused_request_is_one_sample() {
    let exporter = tower_metrics::Exporter::builder().build().unwrap();
    let inference = Inference::builder().with_recorder(exporter.recorder()).build().unwrap();
    let names = ModelName::templates(["/predict/{model_name}"]).unwrap();
    let measured = Measured { exporter, layer: InferenceLayer::new(&inference, names) };
    let refused = Response::builder().status(404).body(ScriptedBody::new([])).unwrap();
    let service = ScriptedService::new([FutureStep::Answer(refused)]);
    let request = Request::get("/predict/made-up").body(()).unwrap();
    assert!(measured.call(request, service).poll().is_ready());

    let text = measured.exporter.render();
    let family: Vec<_> =
        text.lines().filter(|line| line.contains("inference_requests_total")).collect();
    assert_eq!(
        family[1..],
        [
            "# TYPE inference_requests_total counter",
            r#"inference_requests_total{model_name="unknown",status="cancelled"} 0"#,
            r#"inference_requests_total{model_name="unknown",status="error"} 0"#,
            r#"inference_requests_total{model_name="unknown",status="rejected"} 1"#,
            r#"inference_requests_total{model_name="unknown",status="success"} 0"#,
            r#"inference_requests_total{model_name="unknown",status="timeout"} 0"#,
        ]
    );
    assert!(text.contains("inference_duration_seconds_count{model_name=\"unknown\"} 0\n"));
    assert!(text.contains("inference_in_flight_requests{model_name=\"unknown\"} 0\n"));
}
