//! Loading and unloading, and who is counted under which name.

use std::convert::Infallible;
use std::error::Error;
use std::{future, iter};

use tokio::sync::oneshot;
use tokio_test::task;
use tower_metrics_inference::{InferenceError, Load, LoadError, ModelState};
use tower_metrics_tests::scripted::{catch_scripted_panic, scripted_panic};

use super::measured::{MODEL, Measured, measured};

const LOAD_DURATION: &str = "model_load_duration_seconds";

/// What is shown of the model's life: loaded, of all, loads, unloads.
fn life(measured: &Measured) -> (u64, String, String, u64) {
    (
        measured.value("model_loaded"),
        measured.series("models_loaded_count").concat(),
        measured.by_label("model_loads_total", "status"),
        measured.value("model_unloads_total"),
    )
}

#[track_caller]
fn assert_life(measured: &Measured, loaded: u64, loads: &str, unloads: u64) {
    let count = format!(" {loaded}");
    let expected = (loaded, count, loads.to_owned(), unloads);
    assert_eq!(life(measured), expected);
}

/// Loads the model at once.
fn load(
    measured: &Measured,
    result: Result<(), &'static str>,
) -> Result<(), LoadError<&'static str>> {
    let loading = measured.inference.load(MODEL, future::ready(result));
    match task::spawn(loading).poll() {
        std::task::Poll::Ready(result) => result.map(drop),
        std::task::Poll::Pending => unreachable!("the load is ready"),
    }
}

/// 1 only once loading has succeeded, however long that takes.
#[test]
fn a_model_is_loaded_when_loading_has_succeeded() {
    measured(|measured| {
        assert_eq!(measured.model.state(), ModelState::Registered);
        let (send, weights) = oneshot::channel();
        let mut loading = task::spawn(measured.inference.load(MODEL, weights));
        assert!(loading.poll().is_pending());
        assert_eq!(measured.model.state(), ModelState::Loading);
        assert_life(measured, 0, "", 0);
        measured.pass(7);
        send.send(()).unwrap();
        assert!(loading.poll().is_ready());
        assert_eq!(measured.model.state(), ModelState::Loaded);
        assert!(measured.model.state().is_loaded());
        assert_life(measured, 1, "success 1", 0);
        assert_eq!(measured.histogram(LOAD_DURATION), (1, 7));
    });
}

/// The value that loading returned comes with the metrics, and both can be parted.
#[test]
fn what_was_loaded_comes_with_the_model() {
    measured(|measured| {
        let loading = measured.inference.load(MODEL, future::ready(Ok::<_, Infallible>(vec![1.0])));
        let loaded = tokio_test::block_on(loading).unwrap();
        assert_eq!((loaded.value(), loaded.name()), (&vec![1.0], MODEL));
        let (model, weights) = loaded.into_parts();
        model.start().success();
        assert_eq!(weights, [1.0]);
        assert_eq!(measured.statuses(), "success 1");
    });
}

/// Each way in which loading does not succeed, and how long it took.
#[test]
fn a_load_that_fails_is_dropped_or_panics_leaves_the_model_unloaded() {
    type Row = (&'static str, ModelState, fn(&Measured));
    let rows: [Row; 5] = [
        ("error 1", ModelState::Failed, |measured| {
            let error = load(measured, Err("no such file")).unwrap_err();
            assert_eq!(error, LoadError::Load("no such file"));
            assert_eq!(error.into_inner(), Some("no such file"));
        }),
        ("cancelled 1", ModelState::Registered, |measured| {
            let never = future::pending::<Result<(), ()>>();
            let mut loading = task::spawn(measured.inference.load(MODEL, never));
            assert!(loading.poll().is_pending());
            measured.pass(2);
        }),
        ("error 1", ModelState::Failed, |measured| {
            let panics =
                future::poll_fn(|_| -> std::task::Poll<Result<(), ()>> { scripted_panic() });
            let mut loading = task::spawn(measured.inference.load(MODEL, panics));
            assert!(catch_scripted_panic(|| loading.poll().map(drop)).is_none());
            // The task may be kept for long.
            assert_eq!(measured.by_label("model_loads_total", "status"), "error 1");
        }),
        ("error 1", ModelState::Failed, |measured| {
            measured.inference.loading(MODEL).unwrap().failed();
        }),
        ("cancelled 1", ModelState::Registered, |measured| {
            drop(measured.inference.loading(MODEL).unwrap());
        }),
    ];
    for (loads, state, end) in rows {
        measured(|measured| {
            end(measured);
            assert_life(measured, 0, loads, 0);
            assert_eq!(measured.model.state(), state, "{loads}");
            assert_eq!(measured.histogram(LOAD_DURATION).0, 1);
            // And it can be loaded after all.
            load(measured, Ok(())).unwrap();
            assert_eq!(measured.model.state(), ModelState::Loaded);
            assert_life(measured, 1, &format!("{loads}, success 1"), 0);
        });
    }
}

/// Who only asks for a load that is never polled has not begun it.
#[test]
fn a_load_begins_when_it_is_polled() {
    measured(|measured| {
        let loading: Load<future::Ready<Result<(), Infallible>>> =
            measured.inference.load("other-model", future::ready(Ok(())));
        drop(loading);
        assert!(measured.inference.find("other-model").is_none());
        assert_life(measured, 0, "", 0);
    });
}

/// What serves goes on serving until something better is there.
#[test]
fn a_reload_that_does_not_succeed_leaves_the_model_loaded() {
    measured(|measured| {
        load(measured, Ok(())).unwrap();
        let reload = measured.inference.loading(MODEL).unwrap();
        assert_eq!(measured.model.state(), ModelState::Loaded);
        reload.failed();
        assert_life(measured, 1, "error 1, success 1", 0);
        drop(measured.inference.loading(MODEL).unwrap());
        assert_life(measured, 1, "cancelled 1, error 1, success 1", 0);
        load(measured, Ok(())).unwrap();
        assert_life(measured, 1, "cancelled 1, error 1, success 2", 0);
    });
}

/// Gone is gone, once.
#[test]
fn unloading_sets_zero_and_counts_once() {
    measured(|measured| {
        assert!(!measured.inference.unload(MODEL));
        assert!(!measured.inference.unload("never registered"));
        load(measured, Ok(())).unwrap();
        load(measured, Err("gone")).unwrap_err();
        assert!(measured.inference.unload(MODEL));
        assert_eq!(measured.model.state(), ModelState::Unloaded);
        assert!(!measured.inference.unload(MODEL));
        assert_life(measured, 0, "error 1, success 1", 1);
        assert_eq!(measured.inference.state(MODEL), Some(ModelState::Unloaded));
        assert_eq!(measured.inference.state("never registered"), None);
    });
}

/// An unload is about the model, and not about those that still use it.
#[test]
fn requests_go_on_while_the_model_is_unloaded() {
    measured(|measured| {
        load(measured, Ok(())).unwrap();
        let running = measured.model.start();
        let queued = measured.model.enqueue();
        assert!(measured.inference.unload(MODEL));
        assert_eq!(measured.gauges(), [2, 1, 1]);
        running.success();
        queued.start().error("unloaded");
        measured.inference.model(MODEL).reject();
        assert_eq!(measured.statuses(), "error 1, rejected 1, success 1");
        assert_eq!(measured.gauges(), [0; 3]);
    });
}

/// Two loads at once are two loads, and the model is loaded from the first success on.
#[test]
fn two_loads_at_once_are_counted_each() {
    measured(|measured| {
        let first = measured.inference.loading(MODEL).unwrap();
        let second = measured.inference.loading(MODEL).unwrap();
        first.failed();
        assert_eq!(measured.model.state(), ModelState::Loading);
        second.loaded();
        assert_life(measured, 1, "error 1, success 1", 0);

        let first = measured.inference.loading(MODEL).unwrap();
        let second = measured.inference.loading(MODEL).unwrap();
        first.loaded();
        assert!(measured.inference.unload(MODEL));
        // Still being loaded by the other.
        assert_eq!(measured.model.state(), ModelState::Loading);
        assert_life(measured, 0, "error 1, success 2", 1);
        second.loaded();
        assert_life(measured, 1, "error 1, success 3", 1);
    });
}

/// The same name is the same model, whoever asks, in whatever way.
#[test]
fn the_same_name_twice_is_the_same_model() {
    measured(|measured| {
        measured.inference.register(MODEL).unwrap().start().success();
        measured.inference.clone().model(MODEL).start().success();
        measured.inference.find(MODEL).unwrap().start().success();
        assert_eq!(measured.statuses(), "success 3");
        assert_eq!(measured.inference.models().len(), 1);
    });
}

/// The number of models follows each of them.
#[test]
fn the_number_of_loaded_models_follows() {
    measured(|measured| {
        let count = || measured.series("models_loaded_count").concat();
        for (number, name) in ["a", "b", "c"].into_iter().enumerate() {
            measured.inference.loading(name).unwrap().loaded();
            assert_eq!(count(), format!(" {}", number + 1));
        }
        assert!(measured.inference.unload("b"));
        assert_eq!(count(), " 2");
        let loaded = [
            "{model_name=\"a\"} 1",
            "{model_name=\"b\"} 0",
            "{model_name=\"c\"} 1",
            "{model_name=\"llama\"} 0",
        ];
        assert_eq!(measured.series("model_loaded"), loaded);
        let names = measured.inference.models();
        let names: Vec<_> = names.iter().map(|model| model.name().to_owned()).collect();
        assert_eq!(names, ["a", "b", "c", MODEL]);
    });
}

/// The version in use is 1, those before are 0, and naming the same one again changes nothing.
#[test]
fn the_version_follows_the_model() {
    measured(|measured| {
        let info = |version: &str, value: u8| {
            format!("{{model_name=\"llama\",version=\"{version}\"}} {value}")
        };
        measured.model.set_version("1");
        measured.model.set_version("1");
        assert_eq!(measured.series("model_info"), [info("1", 1)]);
        measured.model.set_version("2");
        assert_eq!(measured.series("model_info"), [info("1", 0), info("2", 1)]);
        measured.model.set_version("1");
        assert_eq!(measured.series("model_info"), [info("1", 1), info("2", 0)]);
    });
}

/// Nothing of the life of models is shown for those that have none.
#[test]
fn unknown_models_have_requests_and_no_life() {
    measured(|measured| {
        let unknown = measured.inference.model("never registered");
        assert_eq!((unknown.name(), unknown.is_known()), ("unknown", false));
        assert_eq!(unknown.state(), ModelState::Registered);
        let before = measured.text();
        unknown.set_version("1");
        unknown.set_max_concurrency(8);
        assert_eq!(measured.text(), before);
        unknown.reject();
        let of_unknown: Vec<_> = measured.counted("inference_requests_total").into_iter().collect();
        assert_eq!(of_unknown, ["{model_name=\"unknown\",status=\"rejected\"} 1"]);
        for metric in ["model_loaded", "model_loads_total", "model_unloads_total", "model_info"] {
            let series = measured.series(metric);
            assert!(!series.iter().any(|line| line.contains("unknown")), "{series:?}");
        }
    });
}

/// A load that cannot be registered does not begin.
#[test]
fn a_load_under_an_impossible_name_does_not_begin() {
    measured(|measured| {
        let load = measured.inference.load("unknown", future::ready(Ok::<_, Infallible>(())));
        let error = tokio_test::block_on(load).unwrap_err();
        assert!(matches!(error, LoadError::Register(InferenceError::InvalidModelName { .. })));
        assert_life(measured, 0, "", 0);
    });
}

/// An error and its causes, one after the other, say everything once.
#[test]
fn errors_of_loading_say_everything_once() {
    measured(|measured| {
        let failing = future::ready(Err::<(), _>(std::io::Error::other("disk on fire")));
        let error = tokio_test::block_on(measured.inference.load(MODEL, failing)).unwrap_err();
        let chain = iter::successors(Some(&error as &dyn Error), |&error| error.source());
        let chain: Vec<_> = chain.map(ToString::to_string).collect();
        assert_eq!(chain, ["the model could not be loaded: disk on fire"]);
    });
}
