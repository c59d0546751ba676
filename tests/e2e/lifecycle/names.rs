//! Names that come late, and more names than are allowed.

use http::{Method, Request, Response};
use tokio_test::task;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};
use tower_metrics::{Route, RouteLayer};
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::scripted::{BodyStep, FutureStep, ScriptedBody, ScriptedService};

use super::measured::{Measured, ROUTE, answering, head, poll_frames, request};
use super::tally::{Ending, Tally};

type Service = ScriptedService<ScriptedBody>;

fn empty() -> Response<ScriptedBody> {
    Response::new(ScriptedBody::new([]).with_end_told())
}

fn named(route: &str) -> Response<ScriptedBody> {
    let mut response = empty();
    response.extensions_mut().insert(Route::from(route));
    response
}

fn nameless() -> Request<()> {
    Request::new(())
}

/// One `GET` request under this endpoint, which ended.
fn once(endpoint: &str, ending: Ending) -> Tally {
    let mut tally = Tally::default();
    tally.arrive("GET");
    tally.end("GET", endpoint, ending);
    tally
}

/// The response knows best, then the request, then the layers inside of which the innermost wins.
#[test]
fn of_several_names_the_most_specific_counts() {
    let layered = |response| {
        RouteLayer::new("/outer").layer(RouteLayer::new("/inner").layer(answering(response)))
    };
    for (request, response, endpoint) in [
        (nameless(), named("/response"), "/response"),
        (request(Method::GET, "/request"), named("/response"), "/response"),
        (request(Method::GET, "/request"), empty(), "/request"),
        (nameless(), empty(), "/inner"),
    ] {
        let measured = Measured::new();
        assert!(measured.send(request, layered(response)).poll().is_ready());
        assert_eq!(measured.tally(), once(endpoint, (200, None)));
    }
}

/// A request that nobody names has a value of its own, which no path can take.
#[test]
fn a_request_without_a_name_is_unmatched() {
    let measured = Measured::new();
    assert!(measured.send(nameless(), answering(empty())).poll().is_ready());
    assert_eq!(measured.tally(), once("unmatched", (200, None)));
}

/// Whatever happens to a request that was named on its way in, it keeps its name.
#[test]
fn a_name_given_inside_holds_for_requests_that_do_not_end_well() {
    for (steps, polls, ending) in [
        (&[][..], 0, (499, Some("cancelled"))),
        (&[FutureStep::Pending], 1, (499, Some("cancelled"))),
        (&[FutureStep::Error], 1, (500, Some("service_error"))),
    ] {
        let measured = Measured::new();
        let service = RouteLayer::new(ROUTE).layer(Service::new(steps.iter().cloned()));
        let mut future = measured.send(nameless(), service);
        for _ in 0..polls {
            let _ = future.poll();
        }
        drop(future);
        assert_eq!(measured.tally(), Tally::once("GET", ending));
    }
}

/// Behind a login, say, a request gets its name late; until then it has none.
#[test]
fn a_name_given_late_holds_from_then_on() {
    for (polls, endpoint) in [(0, "unmatched"), (1, "unmatched"), (2, ROUTE), (3, ROUTE)] {
        let measured = Measured::new();
        let service = service_fn(|request: Request<()>| async {
            let login = Service::new([FutureStep::Pending, FutureStep::Answer(empty())]);
            login.oneshot(nameless()).await?;
            RouteLayer::new(ROUTE).layer(Service::new([])).oneshot(request).await
        });
        let mut future = measured.send(nameless(), service);
        for _ in 0..polls {
            assert!(future.poll().is_pending());
        }
        drop(future);
        assert_eq!(measured.tally(), once(endpoint, (499, Some("cancelled"))));
    }
}

/// A layer may be gone, with the service it made, before the last of its answers was sent.
#[test]
fn a_request_that_outlives_its_layer_is_recorded_under_its_name() {
    for request in [nameless(), request(Method::GET, ROUTE)] {
        let Measured { layer, exporter } = Measured::new();
        let response = Response::new(ScriptedBody::new([BodyStep::Data(3)]));
        let service = RouteLayer::new(ROUTE).layer(answering(response));
        let mut future = task::spawn(layer.layer(service).call(request));
        drop(layer);
        poll_frames(&mut task::spawn(head(&mut future).into_body()), 2);
        let scrape = Exposition::parse(&exporter.render()).unwrap();
        assert_eq!(Tally::of(&scrape), Tally::once("GET", (200, None)));
    }
}

/// How often a name was replaced because there were too many.
fn replaced(scrape: &Exposition) -> Option<f64> {
    scrape.value("tower_metrics_label_overflow_total", &[("label", "endpoint")])
}

/// The first endpoints are kept, also later on; all others are one, and each request of theirs
/// shows that the limit is too low.
#[test]
fn endpoints_beyond_the_limit_are_counted_as_other() {
    let measured = Measured::with(|builder| builder.with_max_endpoints(2));
    let mut expected = Tally::default();
    for (route, endpoint) in [
        ("/a", "/a"),
        ("/b", "/b"),
        ("/c", "other"),
        ("/d", "other"),
        ("/a", "/a"),
        ("/c", "other"),
    ] {
        let request = request(Method::GET, route);
        assert!(measured.send(request, answering(empty())).poll().is_ready());
        expected.arrive("GET");
        expected.end("GET", endpoint, (200, None));
    }
    assert_eq!(measured.tally(), expected);
    assert_eq!(replaced(&measured.scrape()), Some(3.0));
}

/// Names that come late are held to the same limit, wherever they come from.
#[test]
fn late_names_beyond_the_limit_are_counted_as_other() {
    let measured = Measured::with(|builder| builder.with_max_endpoints(1));
    let mut expected = Tally::default();
    for (service, endpoint) in [
        (RouteLayer::new("/a").layer(answering(empty())), "/a"),
        (RouteLayer::new("/b").layer(answering(empty())), "other"),
        (RouteLayer::new("/a").layer(answering(named("/c"))), "other"),
    ] {
        assert!(measured.send(nameless(), service).poll().is_ready());
        expected.arrive("GET");
        expected.end("GET", endpoint, (200, None));
    }
    assert_eq!(measured.tally(), expected);
    assert_eq!(replaced(&measured.scrape()), Some(2.0));
}

/// What the layer itself calls endpoints takes nobody's place.
#[test]
fn unmatched_and_other_do_not_count_towards_the_limit() {
    let measured = Measured::with(|builder| builder.with_max_endpoints(1));
    let requests = [nameless(), request(Method::GET, "/a"), request(Method::GET, "/b"), nameless()];
    for request in requests {
        assert!(measured.send(request, answering(empty())).poll().is_ready());
    }
    let mut expected = Tally::default();
    for endpoint in ["unmatched", "/a", "other", "unmatched"] {
        expected.arrive("GET");
        expected.end("GET", endpoint, (200, None));
    }
    assert_eq!(measured.tally(), expected);
    assert_eq!(replaced(&measured.scrape()), Some(1.0));
}

/// The default keeps a thousand endpoints, and no more.
#[test]
fn a_thousand_endpoints_are_kept_by_default() {
    let measured = Measured::new();
    for index in 0..1_001 {
        let request = request(Method::GET, &format!("/{index}"));
        assert!(measured.send(request, answering(empty())).poll().is_ready());
    }
    let scrape = measured.scrape();
    assert_eq!(scrape.family("http_requests_total").unwrap().samples().len(), 1_001);
    let other = [("method", "GET"), ("endpoint", "other"), ("status_code", "200")];
    assert_eq!(scrape.value("http_requests_total", &other), Some(1.0));
    assert_eq!(replaced(&scrape), Some(1.0));
}

/// A client that invents methods gets one value for all of them.
#[test]
fn methods_that_are_not_listed_are_one_value() {
    let measured = Measured::new();
    let mut expected = Tally::default();
    for (method, label) in [("PATCH", "PATCH"), ("BREW", "_OTHER"), ("get", "_OTHER")] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert!(measured.call(method, answering(empty())).poll().is_ready());
        expected.arrive(label);
        expected.end(label, ROUTE, (200, None));
    }
    assert_eq!(measured.tally(), expected);
}

/// Two layers around each other, say with two exporters, learn the same.
#[test]
fn a_name_given_inside_reaches_every_layer_around_it() {
    for response in [empty(), named(ROUTE)] {
        let [outer, inner] = [Measured::new(), Measured::new()];
        let service = RouteLayer::new(ROUTE).layer(answering(response));
        let mut future = outer.send(nameless(), inner.layer.layer(service));
        drop(head(&mut future));
        assert_eq!(inner.tally(), Tally::once("GET", (200, None)));
        assert_eq!(outer.tally(), Tally::once("GET", (200, None)));
    }
}
