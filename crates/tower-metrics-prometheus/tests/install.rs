//! The global exporter, in a process of its own.

use std::convert::Infallible;

use http::{Request, Response};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_metrics_core::backend::Global;
use tower_metrics_core::observe::BackendExt as _;
use tower_metrics_core::{Backend as _, Buckets, MetricSpec, MetricsLayer};
use tower_metrics_prometheus::{Exporter, ExporterError};

/// A layer may be there before the exporter, and serve requests: it records, with its help and its
/// buckets, from the moment there is one. A second install is an error that says what to do.
#[test]
fn the_first_exporter_serves_layers_made_before_it() {
    let service = MetricsLayer::new().layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    let send = || {
        let mut response = tokio_test::task::spawn(service.clone().oneshot(Request::new(())));
        assert!(response.poll().is_ready());
    };
    send();
    let observe = |name: &'static str| {
        Global::default().gauge_fn(MetricSpec::gauge(name), &[], || 1).unwrap()
    };
    let early = MetricSpec::histogram("early_seconds", Buckets::new([1.0]).unwrap());
    Global::default().declare(&[early.with_help("Early.")]).unwrap();
    observe("detached").detach();
    drop(observe("dropped_before"));
    let (dropped_after, detached_after) = (observe("dropped_after"), observe("detached_after"));

    let exporter = Exporter::install().unwrap();
    let error = Exporter::install().unwrap_err();
    assert!(matches!(error, ExporterError::AlreadyInstalled));
    assert!(error.is_already_installed());
    assert!(error.to_string().contains("Exporter::builder().build()"));

    // So does what was to be observed.
    detached_after.detach();
    let gauge = |name| format!("# TYPE {name} gauge\n{name} 1\n");
    let detached = gauge("detached") + &gauge("detached_after");
    assert_eq!(exporter.render(), detached.clone() + &gauge("dropped_after"));
    drop(dropped_after);
    assert_eq!(exporter.render(), detached);
    observe("made_after").detach();
    assert_eq!(exporter.render(), detached.clone() + &gauge("made_after"));

    // And so does what was declared.
    metrics::histogram!("early_seconds").record(2.0);
    assert!(exporter.render().contains(
        "# HELP early_seconds Early.\n# TYPE early_seconds histogram\n\
         early_seconds_bucket{le=\"1\"} 0\nearly_seconds_bucket{le=\"+Inf\"} 1\n"
    ));

    metrics::counter!("a_total").increment(1);
    let counted = "# TYPE a_total counter\na_total 1\n";
    assert!(exporter.render().starts_with(&(counted.to_owned() + &detached)));

    // Handles that were made without a recorder are looked at again within a second or two.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !exporter.render().contains("http_requests_total") {
        assert!(std::time::Instant::now() < deadline, "{}", exporter.render());
        send();
        std::thread::yield_now();
    }
    // A disabled layer has nowhere else to record than here.
    let disabled = MetricsLayer::disabled().layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    let request = Request::put("/").body(()).unwrap();
    let mut response = tokio_test::task::spawn(disabled.oneshot(request));
    assert!(response.poll().is_ready());
    assert!(!exporter.render().contains("PUT"));

    let text = exporter.render();
    assert!(text.contains("# HELP http_requests_total "), "{text}");
    assert!(text.contains("http_request_duration_seconds_bucket{method=\"GET\""), "{text}");
}
