//! The label `grpc_status`.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use tower_metrics::Builder;
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::scripted::{BodyStep, FutureStep, ScriptedBody, ScriptedService};

use super::measured::{Measured, ROUTE, poll_frames};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

fn status(value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static(value))])
}

/// An answer whose head has these headers, besides its status 200.
fn answer(headers: HeaderMap, steps: impl IntoIterator<Item = BodyStep>) -> Response<ScriptedBody> {
    let mut response = Response::new(ScriptedBody::new(steps).with_end_told());
    *response.headers_mut() = headers;
    response
}

fn measured() -> Measured {
    Measured::with(Builder::with_grpc_status)
}

/// The count of requests with this label value, which must be the only ones.
#[track_caller]
fn assert_only(scrape: &Exposition, status_code: &str, grpc_status: &str, count: f64) {
    let labels = [
        ("method", "POST"),
        ("endpoint", ROUTE),
        ("status_code", status_code),
        ("grpc_status", grpc_status),
    ];
    assert_eq!(scrape.value("http_requests_total", &labels), Some(count), "{grpc_status:?}");
    assert_eq!(scrape.sum("http_requests_total", &[]), Some(count), "{grpc_status:?}");
}

/// A stream tells its status at its end; an answer without messages tells it in its head.
#[test]
fn the_status_is_that_of_the_trailers_else_that_of_the_head() {
    let message = || BodyStep::Data(5);
    for (response, label) in [
        (answer(HeaderMap::new(), [message(), BodyStep::Trailers(status("0"))]), "0"),
        (answer(HeaderMap::new(), [BodyStep::Trailers(status("16"))]), "16"),
        (answer(status("12"), []), "12"),
        (answer(status("0"), [message(), BodyStep::Trailers(status("13"))]), "13"),
        (answer(status("5"), [message(), BodyStep::Trailers(HeaderMap::new())]), "5"),
    ] {
        let measured = measured();
        poll_frames(&mut measured.answer(Method::POST, response), 2);
        assert_only(&measured.scrape(), "200", label, 1.0);
    }
}

/// A server cannot create series by inventing codes.
#[test]
fn codes_that_are_not_listed_are_one_value() {
    let measured = measured();
    let odd = ["17", "-1", "", "ok", "999999999999"];
    for code in odd {
        drop(measured.answer(Method::POST, answer(status(code), [])));
        let response = answer(HeaderMap::new(), [BodyStep::Trailers(status(code))]);
        poll_frames(&mut measured.answer(Method::POST, response), 1);
    }
    assert_only(&measured.scrape(), "200", "2", 10.0);
}

/// The label is empty where an answer has no such status, so that all series have the same labels.
#[test]
fn answers_that_are_not_grpc_have_an_empty_label() {
    for (step, status_code) in [
        (FutureStep::Answer(answer(HeaderMap::new(), [])), "200"),
        (FutureStep::Error, "500"),
        (FutureStep::Pending, "499"),
    ] {
        let measured = measured();
        let _ = measured.call(Method::POST, ScriptedService::new([step])).poll();
        assert_only(&measured.scrape(), status_code, "", 1.0);
    }
}

/// A stream that broke off has the status that it had told until then.
#[test]
fn a_stream_dropped_before_its_trailers_has_no_status() {
    let measured = measured();
    let steps = [BodyStep::Data(5), BodyStep::Trailers(status("0"))];
    poll_frames(&mut measured.answer(Method::POST, answer(HeaderMap::new(), steps)), 1);
    assert_only(&measured.scrape(), "200", "", 1.0);
    let dropped = [("method", "POST"), ("endpoint", ROUTE), ("reason", "body_dropped")];
    assert_eq!(measured.scrape().value("http_requests_aborted_total", &dropped), Some(1.0));
}

/// Whoever did not ask for the label keeps the label set of the guide, also for gRPC.
#[test]
fn without_the_option_there_is_no_label() {
    let measured = Measured::new();
    drop(measured.answer(Method::POST, answer(status("5"), [])));
    let response = answer(HeaderMap::new(), [BodyStep::Trailers(status("0"))]);
    poll_frames(&mut measured.answer(Method::POST, response), 1);
    let labels = [("method", "POST"), ("endpoint", ROUTE), ("status_code", "200")];
    assert_eq!(measured.scrape().value("http_requests_total", &labels), Some(2.0));
    assert_eq!(measured.scrape().sum("http_requests_total", &[]), Some(2.0));
}
