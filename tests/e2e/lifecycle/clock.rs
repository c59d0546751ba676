//! When the clocks of a request stop.

use http::header::CONTENT_LENGTH;
use http::{Method, Response};
use tokio_test::task;
use tower_metrics::{Buckets, Builder, MetricsLayer};
use tower_metrics_tests::scripted::{
    BodyStep, FutureStep, ScriptedBody, ScriptedService, catch_scripted_panic,
};

use super::measured::{Measured, answering, head, poll_frames};
use super::time::{Time, with_time};

const DURATION: &str = "http_request_duration_seconds";
const TIME_TO_FIRST_BYTE: &str = "http_response_time_to_first_byte_seconds";

/// Sends a request that is answered after 1 s, of whose body 3 bytes come after 2 s and the last
/// step after 3 s; what is left is dropped after 9 s.
fn stream(time: &Time, measured: &Measured, response: http::response::Builder, last: BodyStep) {
    let body = ScriptedBody::new([BodyStep::Data(3), last]);
    let mut future = measured.call(Method::GET, answering(response.body(body).unwrap()));
    time.pass(1);
    let mut body = task::spawn(head(&mut future).into_body());
    for _ in 0..2 {
        time.pass(1);
        catch_scripted_panic(|| poll_frames(&mut body, 1));
    }
    time.pass(6);
    drop(body);
    time.pass(1);
}

fn measured_with_first_byte(
    configure: impl FnOnce(Builder<MetricsLayer>) -> Builder<MetricsLayer>,
) -> Measured {
    Measured::with(|builder| configure(builder.with_time_to_first_byte(Buckets::http())))
}

/// A stream takes as long as it flows, whether it ends well or not; its first byte came earlier.
#[test]
fn the_duration_lasts_until_the_end_of_the_body() {
    for (last, seconds) in [
        (BodyStep::End, 3.0),
        (BodyStep::Trailers(http::HeaderMap::new()), 3.0),
        (BodyStep::Error, 3.0),
        (BodyStep::Panic, 3.0),
        (BodyStep::Pending, 9.0),
    ] {
        with_time(|time| {
            let measured = measured_with_first_byte(|builder| builder);
            stream(time, &measured, Response::builder(), last.clone());
            assert_eq!(measured.histogram(DURATION), Some((1.0, seconds)), "{last:?}");
            assert_eq!(measured.histogram(TIME_TO_FIRST_BYTE), Some((1.0, 1.0)), "{last:?}");
        });
    }
}

/// For those who want to compare with servers that stop at the head; all else stays.
#[test]
fn the_duration_can_be_made_to_last_until_the_head() {
    for last in [BodyStep::End, BodyStep::Error, BodyStep::Panic, BodyStep::Pending] {
        with_time(|time| {
            let measured = measured_with_first_byte(Builder::with_duration_until_head);
            stream(time, &measured, Response::builder(), last.clone());
            assert_eq!(measured.histogram(DURATION), Some((1.0, 1.0)), "{last:?}");
            assert_eq!(measured.histogram(TIME_TO_FIRST_BYTE), Some((1.0, 1.0)), "{last:?}");
        });
    }
}

/// A server may keep a body for long after its last byte; that is not the request's time.
#[test]
fn the_duration_lasts_until_the_last_byte_of_a_body_of_known_length() {
    for (length, seconds) in [("3", 2.0), ("4", 9.0)] {
        with_time(|time| {
            let measured = Measured::new();
            let response = Response::builder().header(CONTENT_LENGTH, length);
            stream(time, &measured, response, BodyStep::Pending);
            assert_eq!(measured.histogram(DURATION), Some((1.0, seconds)), "{length}");
        });
    }
}

/// What a body gives behind its last byte does not start the clock again.
#[test]
fn the_duration_ends_only_once() {
    for (length, seconds) in [("3", 2.0), ("0", 1.0)] {
        with_time(|time| {
            let measured = Measured::new();
            let response = Response::builder().header(CONTENT_LENGTH, length);
            stream(time, &measured, response, BodyStep::Data(0));
            assert_eq!(measured.histogram(DURATION), Some((1.0, seconds)), "{length}");
        });
    }
}

/// An answer that has no body takes until its head.
#[test]
fn the_duration_of_an_answer_without_a_body_lasts_until_its_head() {
    with_time(|time| {
        let measured = Measured::new();
        stream(time, &measured, Response::builder().status(204), BodyStep::Pending);
        assert_eq!(measured.histogram(DURATION), Some((1.0, 1.0)));
    });
}

/// Leaving out those that never had a head would hide the slowest of all; they had no first byte.
#[test]
fn requests_without_a_head_have_a_duration_and_no_first_byte() {
    let pending = || FutureStep::<ScriptedBody>::Pending;
    for (last, seconds) in [(FutureStep::Error, 2.0), (FutureStep::Panic, 2.0), (pending(), 9.0)] {
        for until_head in [Builder::with_duration_until_head, |builder| builder] {
            with_time(|time| {
                let measured = measured_with_first_byte(until_head);
                let steps = [pending(), last.clone()];
                let mut future = measured.call(Method::GET, ScriptedService::new(steps));
                for _ in 0..2 {
                    time.pass(1);
                    let _ = catch_scripted_panic(|| future.poll().map(drop));
                }
                time.pass(7);
                drop(future);
                assert_eq!(measured.histogram(DURATION), Some((1.0, seconds)), "{last:?}");
                assert_eq!(measured.histogram(TIME_TO_FIRST_BYTE), None, "{last:?}");
            });
        }
    }
}

/// The time to the first byte costs series, so nobody gets it unasked.
#[test]
fn the_time_to_first_byte_is_off_by_default() {
    let measured = Measured::new();
    let response = Response::new(ScriptedBody::new([]).with_end_told());
    drop(measured.answer(Method::GET, response));
    assert!(measured.scrape().family(TIME_TO_FIRST_BYTE).is_none());
}
