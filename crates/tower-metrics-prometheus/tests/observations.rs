//! Closures that are read when the exporter is.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use metrics::with_local_recorder;
use tower_metrics_core::observe::BackendExt as _;
use tower_metrics_core::{Backend as _, Buckets, DeclareError, MetricSpec};
use tower_metrics_prometheus::Exporter;
use tower_metrics_tests::log::logged;
use tower_metrics_tests::poll::wait_until_blocking;

use support::{lines, private_exporter};

/// A closure that counts its calls.
fn counting() -> (Arc<AtomicUsize>, impl Fn() -> usize + Send + Sync) {
    let calls = Arc::new(AtomicUsize::new(0));
    let closure = Arc::clone(&calls);
    (calls, move || closure.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Every rendering calls it, in whatever way it was asked for, and nothing else does.
#[test]
fn a_closure_is_called_once_for_each_rendering_and_never_otherwise() {
    let exporter = private_exporter();
    let (calls, closure) = counting();
    let spec = MetricSpec::gauge("a").with_help("A.");
    let observation = exporter.gauge_fn(spec, &[], closure).unwrap();
    exporter.declare(&[MetricSpec::counter("b_total")]).unwrap();
    with_local_recorder(&exporter.recorder(), || metrics::histogram!("c").record(1.0));
    assert_eq!(calls.load(Ordering::Relaxed), 0);

    assert!(exporter.render().starts_with("# HELP a A.\n# TYPE a gauge\na 1\n# TYPE c"));
    let mut rendering = tokio_test::task::spawn(exporter.rendering());
    wait_until_blocking("it is rendered", || rendering.poll().is_ready()).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 2);

    drop(observation);
    assert!(!exporter.render().contains("a "));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

/// The handle is all there is: without it the closure is gone, and what it held.
#[test]
fn a_closure_ends_with_its_handle() {
    let exporter = private_exporter();
    let held = Arc::new(());
    let closure = Arc::clone(&held);
    let observe = move || Arc::strong_count(&closure);
    let observation = exporter.gauge_fn(MetricSpec::gauge("a"), &[], observe).unwrap();
    assert_eq!(lines(&exporter, "a "), ["a 2"]);
    drop(observation);
    assert_eq!(Arc::strong_count(&held), 1);

    // The name is free for the next, and a handle may outlive the exporter.
    let observation = exporter.gauge_fn(MetricSpec::gauge("a"), &[], || 7).unwrap();
    assert_eq!(lines(&exporter, "a "), ["a 7"]);
    drop(exporter);
    drop(observation);
}

/// For what lives as long as the process.
#[test]
fn a_detached_closure_goes_on() {
    let exporter = private_exporter();
    exporter.gauge_fn(MetricSpec::gauge("a"), &[], || true).unwrap().detach();
    assert_eq!(lines(&exporter, "a "), ["a 1"]);
}

/// Two queues under one name, each with its own closure.
#[test]
fn closures_may_share_a_metric() {
    let exporter = private_exporter();
    let queue = |name: &'static str, length: usize| {
        let spec = MetricSpec::gauge("queue_length").with_help("Jobs that wait.");
        exporter.gauge_fn(spec, &[("queue", name)], move || length).unwrap()
    };
    let _mail = queue("mail", 3);
    let images = queue("images", 5);
    with_local_recorder(&exporter.recorder(), || {
        metrics::gauge!("queue_length", "queue" => "recorded").set(1);
    });
    assert_eq!(
        exporter.render(),
        "# HELP queue_length Jobs that wait.\n\
         # TYPE queue_length gauge\n\
         queue_length{queue=\"images\"} 5\n\
         queue_length{queue=\"mail\"} 3\n\
         queue_length{queue=\"recorded\"} 1\n"
    );
    drop(images);
    assert_eq!(lines(&exporter, "queue_length{").len(), 2);
}

/// Two that observe the same series: a second sample of it would be dropped by Prometheus, without
/// a word. It is free again when the first handle is dropped.
#[test]
fn a_series_that_is_known_to_be_observed_twice_is_an_error() {
    let exporter = private_exporter();
    let gauge = || MetricSpec::gauge("a");
    let again = || Err(DeclareError::AlreadyObserved { name: "a".to_owned() });
    let one = exporter.gauge_fn(gauge(), &[], || 1).unwrap();
    assert_eq!(exporter.gauge_fn(gauge(), &[], || 2).map(drop), again());
    let other = MetricSpec::gauge("other");
    let both = exporter.observe(&[other.clone(), gauge()], |_| {});
    assert_eq!(both.map(drop), again());
    assert_eq!(exporter.declare(&[other.with_help("Of none that was refused.")]), Ok(()));
    assert_eq!(lines(&exporter, "a "), ["a 1"]);
    drop(one);
    let _two = exporter.gauge_fn(gauge(), &[], || 2).unwrap();
    assert_eq!(lines(&exporter, "a "), ["a 2"]);

    let total = || MetricSpec::counter("b_total");
    let of = |labels: &[(&str, &str)]| exporter.counter_fn(total(), labels, || 1);
    let _one = of(&[("x", "1"), ("y", "2")]).unwrap();
    let _two = of(&[("x", "2"), ("y", "1")]).unwrap();
    let error = of(&[("y", "2"), ("x", "1")]).unwrap_err();
    assert!(matches!(&error, DeclareError::AlreadyObserved { name } if name == "b_total"));
    assert!(error.to_string().contains("drop the handle of the first"));
}

/// What a closure will give is known only when it is called.
#[test]
fn a_series_that_turns_out_to_be_observed_twice_is_shown_once_and_reported() {
    let exporter = private_exporter();
    let specs = [MetricSpec::gauge("a").with_labels(["x"])];
    let observe = |value: u8| {
        exporter.observe(&specs, move |observer| observer.gauge("a", &[("x", "")], value)).unwrap()
    };
    let (_one, _two) = (observe(1), observe(2));
    let log = logged(|| {
        assert_eq!(lines(&exporter, "a"), ["a{x=\"\"} 1"]);
        assert_eq!(lines(&exporter, "a"), ["a{x=\"\"} 1"]);
    });
    assert_eq!(log.len(), 1, "{log:?}");
}

/// The memory of all cards, from one look at them; a total that is kept elsewhere; and a metric
/// that nobody fills is not there.
#[test]
fn one_snapshot_fills_several_metrics() {
    let exporter = private_exporter();
    let specs = [
        MetricSpec::gauge("gpu_memory_used_bytes").with_labels(["node", "gpu_id"]),
        MetricSpec::counter("gpu_resets_total").with_labels(["gpu_id"]),
        MetricSpec::gauge("gpu_broken"),
    ];
    let (snapshots, snapshot) = counting();
    let _observation = exporter
        .observe(&specs, move |observer| {
            let resets = snapshot();
            for (gpu, used) in [("0", 8_000_000_000_u64), ("1\"", 0)] {
                let labels = [("gpu_id", gpu), ("node", "n\\1")];
                observer.gauge("gpu_memory_used_bytes", &labels, used);
                observer.counter("gpu_resets_total", &[("gpu_id", gpu)], resets);
            }
        })
        .unwrap();
    assert_eq!(
        exporter.render(),
        "# TYPE gpu_memory_used_bytes gauge\n\
         gpu_memory_used_bytes{node=\"n\\\\1\",gpu_id=\"0\"} 8000000000\n\
         gpu_memory_used_bytes{node=\"n\\\\1\",gpu_id=\"1\\\"\"} 0\n\
         # TYPE gpu_resets_total counter\n\
         gpu_resets_total{gpu_id=\"0\"} 1\n\
         gpu_resets_total{gpu_id=\"1\\\"\"} 1\n"
    );
    assert_eq!(snapshots.load(Ordering::Relaxed), 1);
}

/// A counter that mirrors a total is a counter.
#[test]
fn a_counter_may_mirror_a_total() {
    let exporter = private_exporter();
    let spec = MetricSpec::counter("cpu_seconds_total").with_help("CPU time.");
    let used = Duration::from_millis(1500);
    let _observation = exporter.counter_fn(spec, &[], move || used).unwrap();
    assert_eq!(
        exporter.render(),
        "# HELP cpu_seconds_total CPU time.\n# TYPE cpu_seconds_total counter\n\
         cpu_seconds_total 1.5\n"
    );
}

/// What goes wrong in one closure is logged once, and costs its own samples only.
#[test]
fn a_closure_that_fails_loses_its_own_samples_only() {
    let exporter = private_exporter();
    let gauge = MetricSpec::gauge;
    let _panics = exporter
        .gauge_fn(gauge("panics"), &[], || -> f64 { panic!("as a closure might") })
        .unwrap();
    let _nan = exporter.gauge_fn(gauge("nan"), &[], || f64::NAN).unwrap();
    let _negative =
        exporter.counter_fn(MetricSpec::counter("negative_total"), &[], || -1.0).unwrap();
    let _infinite =
        exporter.counter_fn(MetricSpec::counter("infinite_total"), &[], || f64::INFINITY).unwrap();
    let specs = [gauge("half").with_labels(["x"]), MetricSpec::counter("whole_total")];
    let _half = exporter
        .observe(&specs, |observer| {
            observer.gauge("half", &[("x", "1")], 1);
            observer.gauge("half", &[("x", "2")], f64::NAN);
            observer.gauge("half", &[("y", "2")], 1);
            observer.gauge("half", &[], 1);
            observer.gauge("half", &[("x", "3"), ("x", "4")], 1);
            observer.gauge("whole_total", &[], 1);
            observer.gauge("unknown", &[], 1);
            observer.counter("whole_total", &[], 1);
        })
        .unwrap();
    let _all = exporter
        .observe(&[gauge("all")], |observer| {
            observer.gauge("all", &[], 1);
            panic!("behind its sample");
        })
        .unwrap();
    let _fine = exporter.gauge_fn(gauge("very_fine"), &[], || f64::INFINITY).unwrap();

    let expected = "# TYPE half gauge\nhalf{x=\"1\"} 1\n\
                    # TYPE very_fine gauge\nvery_fine +Inf\n\
                    # TYPE whole_total counter\nwhole_total 1\n";
    let log = logged(|| {
        for _ in 0..3 {
            assert_eq!(exporter.render(), expected);
        }
    });
    assert_eq!(log.len(), 6, "{log:?}");
    assert!(log[0].contains("panics") && log[0].contains("panicked"), "{log:?}");
}

/// What cannot be observed is said when it is asked for, and then nothing of it holds.
#[test]
fn a_specification_that_clashes_is_an_error() {
    let exporter = private_exporter();
    let histogram = MetricSpec::histogram("a", Buckets::light());
    let error = exporter.observe(&[MetricSpec::gauge("b"), histogram], |_| {}).unwrap_err();
    assert!(matches!(error, DeclareError::WrongKind { .. }));
    exporter.declare(&[MetricSpec::counter("b")]).unwrap();

    let _first = exporter.gauge_fn(MetricSpec::gauge("c"), &[("x", "1")], || 1).unwrap();
    let error = exporter.gauge_fn(MetricSpec::gauge("c"), &[("y", "1")], || 1).unwrap_err();
    assert!(matches!(error, DeclareError::Conflict { differs_in: "label set", .. }));
    let error = exporter.counter_fn(MetricSpec::gauge("d"), &[], || 1).unwrap_err();
    assert!(matches!(error, DeclareError::WrongKind { .. }));
    assert_eq!(lines(&exporter, "c{"), ["c{x=\"1\"} 1"]);
}

/// A closure may do what anybody else may, on its own thread, while the exporter waits for it.
#[test]
fn a_closure_may_record_declare_observe_and_render() {
    let exporter = private_exporter();
    let recorder = exporter.recorder();
    let inner = Mutex::new(Vec::new());
    let renders = exporter.clone();
    let observation = exporter
        .gauge_fn(MetricSpec::gauge("outer"), &[], move || {
            with_local_recorder(&recorder, || metrics::counter!("seen_total").increment(1));
            recorder.declare(&[MetricSpec::gauge("declared")]).unwrap();
            let mut inner = inner.lock().unwrap();
            inner.clear();
            inner.push(recorder.gauge_fn(MetricSpec::gauge("inner"), &[], || 1).unwrap());
            // Without closures, or there would be no end to it.
            let direct = renders.render();
            let by_the_thread = block_on(renders.rendering());
            assert_eq!(direct, by_the_thread);
            assert!(!direct.contains("outer"), "{direct}");
            direct.lines().count()
        })
        .unwrap();

    assert_eq!(lines(&exporter, "outer "), ["outer 2"]);
    let text = block_on(exporter.rendering());
    assert!(text.contains("seen_total 2\n"), "{text}");
    assert!(text.contains("inner 1\n"), "{text}");
    // The closure holds the exporter, which holds the closure.
    drop(observation);
}

/// Two exporters, each read by a closure of the other.
#[test]
fn exporters_may_read_each_other() {
    let (one, two) = (private_exporter(), private_exporter());
    let lines_of = |exporter: &Exporter| {
        let exporter = exporter.clone();
        move || exporter.render().lines().count()
    };
    let _in_one = one.gauge_fn(MetricSpec::gauge("two_lines"), &[], lines_of(&two)).unwrap();
    let _in_two = two.gauge_fn(MetricSpec::gauge("one_lines"), &[], lines_of(&one)).unwrap();
    assert_eq!(lines(&one, "two_lines "), ["two_lines 2"]);
    assert_eq!(lines(&two, "one_lines "), ["one_lines 2"]);
}

/// While a closure hangs, whoever records goes on, and so does who asks elsewhere.
#[test]
fn a_closure_that_hangs_holds_up_renderings_only() {
    let exporter = private_exporter();
    let gate = Arc::new(Mutex::new(()));
    let (calls, called) = counting();
    let closed = gate.lock().unwrap();
    let waits = Arc::clone(&gate);
    let observation = exporter
        .gauge_fn(MetricSpec::gauge("slow"), &[], move || {
            let call = called();
            drop(waits.lock().unwrap());
            call
        })
        .unwrap();
    let rendering = exporter.rendering();
    wait_until_blocking("the closure is called", || calls.load(Ordering::Relaxed) == 1).unwrap();

    with_local_recorder(&exporter.recorder(), || metrics::counter!("a_total").increment(1));
    exporter.declare(&[MetricSpec::gauge("b")]).unwrap();
    let other = exporter.gauge_fn(MetricSpec::gauge("c"), &[], || 1).unwrap();
    // Its handle may go while it runs.
    drop(observation);
    assert_eq!(lines(&exporter, "c "), ["c 1"]);

    drop(closed);
    assert!(block_on(rendering).contains("slow 1\n"));
    drop(other);
}

fn block_on(rendering: tower_metrics_prometheus::Rendering) -> String {
    let mut rendering = tokio_test::task::spawn(rendering);
    loop {
        if let std::task::Poll::Ready(text) = rendering.poll() {
            return String::from_utf8(text.unwrap().to_vec()).unwrap();
        }
        thread::yield_now();
    }
}
