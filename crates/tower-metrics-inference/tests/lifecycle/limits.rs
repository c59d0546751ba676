//! Names and label values that are too many, too long or odd.

use tower_metrics_inference::{InferenceBuilder, InferenceError};

use super::measured::{Measured, measured, measured_with};

const OVERFLOW: &str = "tower_metrics_label_overflow_total";

/// How many series there are.
fn series_count(measured: &Measured) -> usize {
    measured.text().lines().filter(|line| !line.starts_with('#')).count()
}

/// A client that tries names must not be able to create series, nor to fill the registry.
#[test]
fn a_walk_over_names_creates_no_series_but_unknown() {
    measured(|measured| {
        let of_one_model = {
            measured.inference.model("first").start().success();
            series_count(measured)
        };
        for i in 0..10_000 {
            let name = format!("model-{i}");
            let model = measured.inference.model(&name);
            model.start().error("not_found");
            model.reject();
            assert!(measured.inference.find(&name).is_none());
            assert!(!measured.inference.unload(&name));
        }
        // One error type, by the application's own choice.
        assert_eq!(series_count(measured), of_one_model + 1);
        assert!(!measured.text().contains("model-"));
        assert_eq!(
            measured.counted("inference_requests_total"),
            [
                "{model_name=\"unknown\",status=\"error\"} 10000",
                "{model_name=\"unknown\",status=\"rejected\"} 10000",
                "{model_name=\"unknown\",status=\"success\"} 1",
            ]
        );
        assert_eq!(measured.inference.models().len(), 1);
    });
}

/// One name too many is an error that says what to do, and harms nobody who was there before.
#[test]
fn one_model_too_many_is_an_error() {
    measured(|measured| {
        for i in 1..100 {
            measured.inference.register(&format!("model-{i}")).unwrap();
        }
        let before = measured.text();
        let error = measured.inference.register("one-too-many").unwrap_err();
        let expected = InferenceError::TooManyModels { name: "one-too-many".to_owned(), max: 100 };
        assert_eq!(error, expected);
        assert_eq!(
            error.to_string(),
            "model \"one-too-many\" is one too many: 100 are registered; allow more with \
             `with_max_models`"
        );
        assert!(measured.inference.loading("one-too-many").is_err());
        assert_eq!(measured.text(), before);
        assert!(measured.inference.register("model-99").is_ok());
        assert!(!measured.inference.model("one-too-many").is_known());
    });
}

/// The limit is the application's to choose, and holds for threads that race to it.
#[test]
fn the_number_of_models_can_be_limited() {
    measured_with(
        |builder| builder.with_max_models(10),
        |measured| {
            let registered: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|thread| {
                        let inference = &measured.inference;
                        let register =
                            move |i| inference.register(&format!("{thread}-{i}")).is_ok();
                        scope.spawn(move || (0..10).filter(|i| register(*i)).count())
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            // One was there before.
            assert_eq!(registered, 9);
            assert_eq!(measured.inference.models().len(), 10);
        },
    );
}

/// A name is the application's; what cannot be one is told, not mended.
#[test]
fn impossible_names_are_errors() {
    measured(|measured| {
        for (name, reason) in [
            ("", "it is empty"),
            ("unknown", "it stands for models that are not registered"),
            (&*"x".repeat(257), "it is longer than 256 bytes"),
            (&*"\u{e9}".repeat(129), "it is longer than 256 bytes"),
        ] {
            let error = measured.inference.register(name).unwrap_err();
            let expected = InferenceError::InvalidModelName { name: name.to_owned(), reason };
            assert_eq!(error, expected);
            assert_eq!(error.to_string(), format!("{name:?} cannot be a model's name: {reason}"));
            assert!(!measured.inference.model(name).is_known());
        }
        assert!(measured.inference.register(&"x".repeat(256)).is_ok());
    });
}

/// Whatever a name is made of, the text stays what Prometheus can read.
#[test]
fn odd_names_are_escaped() {
    measured(|measured| {
        for (name, label) in [
            ("a \"b\"", r#"a \"b\""#),
            ("a\\b", r"a\\b"),
            ("a\nb", r"a\nb"),
            ("\u{6a21}\u{578b}", "\u{6a21}\u{578b}"),
            ("a{b=\"c\"} 1", r#"a{b=\"c\"} 1"#),
            (" ", " "),
            ("Unknown", "Unknown"),
        ] {
            let model = measured.inference.register(name).unwrap();
            assert_eq!(model.name(), name);
            measured.inference.model(name).start().error(name);
            model.set_version(name);
            let requests = format!("{{model_name=\"{label}\",status=\"error\"}} 1");
            assert!(measured.counted("inference_requests_total").contains(&requests), "{name}");
            let errors = format!("{{model_name=\"{label}\",error_type=\"{label}\"}} 1");
            assert!(measured.counted("inference_errors_total").contains(&errors), "{name}");
            let info = format!("{{model_name=\"{label}\",version=\"{label}\"}} 1");
            assert!(measured.series("model_info").contains(&info), "{name}");
        }
    });
}

/// Error types are the application's, but come from errors, so they are limited.
#[test]
fn error_types_past_the_limit_are_counted_as_other() {
    for (max, errors, overflown) in
        [(2, "0 1, 1 1, error 1, other 4, panic 1", 4), (0, "error 1, other 6, panic 1", 6)]
    {
        measured_with(
            |builder| builder.with_max_label_values(max),
            |measured| {
                assert!(measured.series(OVERFLOW).is_empty(), "nobody named anything yet");
                for error_type in ["0", "1", "2", "3", "2", &"x".repeat(257), "error", "panic"] {
                    measured.model.start().error(error_type);
                }
                assert_eq!(measured.by_label("inference_errors_total", "error_type"), errors);
                let overflow = format!("{{label=\"error_type\"}} {overflown}");
                assert_eq!(measured.series(OVERFLOW), [overflow]);
                assert_eq!(measured.statuses(), "error 8");
            },
        );
    }
}

/// Prometheus takes a label without a value for no label.
#[test]
fn an_error_without_a_type_is_an_error_like_any() {
    measured(|measured| {
        measured.model.start().error("");
        assert_eq!(measured.by_label("inference_errors_total", "error_type"), "error 1");
    });
}

/// As error types.
#[test]
fn versions_past_the_limit_are_shown_as_other() {
    measured_with(
        |builder| builder.with_max_label_values(1),
        |measured| {
            for version in ["1", "2", "3"] {
                measured.model.set_version(version);
            }
            assert_eq!(measured.by_label("model_info", "version"), "other 1");
            assert_eq!(measured.series(OVERFLOW), ["{label=\"version\"} 2"]);
        },
    );
}

/// Both limits are counted each for itself.
#[test]
fn error_types_do_not_use_up_the_versions() {
    measured_with(
        |builder: InferenceBuilder| builder.with_max_label_values(1),
        |measured| {
            measured.model.start().error("oom");
            measured.model.set_version("1");
            assert_eq!(measured.by_label("model_info", "version"), "1 1");
            assert!(measured.series(OVERFLOW).is_empty());
        },
    );
}
