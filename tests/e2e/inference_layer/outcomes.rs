//! Each way in which a request can end.

use std::panic::resume_unwind;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request, Response};
use tower::service_fn;
use tower_metrics::inference::{FinishReason, InferenceLayer, RequestOutcome, TokenRecorder};
use tower_metrics_tests::scripted::{
    BodyStep, FutureStep, ScriptedBody, ScriptedError, ScriptedService, catch_scripted_panic,
};

use super::measured::{Measured, poll_frames, request};

type Service = ScriptedService<ScriptedBody>;

const SUCCESS: &[&str] = &["requests resnet50 success 1", "durations resnet50 1"];
const CANCELLED: &[&str] = &["requests resnet50 cancelled 1", "durations resnet50 1"];
const IN_FLIGHT: &[&str] = &["in flight resnet50 1", "running resnet50 1"];

fn error(error_type: &str) -> [String; 3] {
    [
        "requests resnet50 error 1".to_owned(),
        format!("errors resnet50 {error_type} 1"),
        "durations resnet50 1".to_owned(),
    ]
}

#[track_caller]
fn assert_error(measured: &Measured, error_type: &str) {
    measured.assert(&error(error_type).each_ref().map(String::as_str));
}

/// A body of two and three bytes, after which it has yet to say that it is over.
fn five_bytes() -> ScriptedBody {
    ScriptedBody::new([BodyStep::Data(2), BodyStep::Pending, BodyStep::Data(3)])
}

fn trailers() -> BodyStep {
    BodyStep::Trailers(HeaderMap::default())
}

/// The status code says how a request ended; one that is no success ends with its head.
#[test]
fn a_status_code_is_an_outcome() {
    for (codes, status, has_duration) in [
        (&[200, 201, 206, 302, 307][..], "success", true),
        (&[400, 401, 404, 405, 413, 422, 429, 503], "rejected", false),
        (&[408, 504], "timeout", true),
        (&[499], "cancelled", true),
    ] {
        for code in codes {
            let measured = Measured::new();
            let response = Response::builder().status(*code).body(five_bytes()).unwrap();
            let mut body = measured.answer("POST", response);
            if status == "success" {
                measured.assert(IN_FLIGHT);
                poll_frames(&mut body, 4);
            }
            let requests = format!("requests resnet50 {status} 1");
            let all = [&*requests, "durations resnet50 1"];
            measured.assert(if has_duration { &all } else { &all[..1] });
            drop(body);
            measured.assert(if has_duration { &all } else { &all[..1] });
        }
    }
    for code in ["500", "501", "502", "599", "600", "999"] {
        let measured = Measured::new();
        let response = Response::builder().status(code).body(five_bytes()).unwrap();
        let body = measured.answer("POST", response);
        assert_error(&measured, code);
        drop(body);
        assert_error(&measured, code);
    }
}

/// The duration is that of the whole answer: what is still sent is in flight.
#[test]
fn a_success_ends_with_its_body() {
    let measured = Measured::new();
    let mut body = measured.answer("POST", Response::new(five_bytes()));
    poll_frames(&mut body, 3);
    measured.assert(IN_FLIGHT);
    poll_frames(&mut body, 1);
    measured.assert(SUCCESS);
    poll_frames(&mut body, 1);
    drop(body);
    measured.assert(SUCCESS);
}

/// Servers do not poll a body of which nothing is sent.
#[test]
fn an_answer_without_a_body_ends_with_its_head() {
    let empty = || ScriptedBody::new([]);
    for (what, method, status, body) in [
        ("it says that it is over", "POST", 200, empty().with_end_told()),
        ("it says that nothing is left", "POST", 200, empty().with_exact_size()),
        ("HEAD", "HEAD", 200, five_bytes()),
        ("a switch of protocols", "GET", 101, five_bytes()),
        ("no content", "POST", 204, five_bytes()),
        ("not modified", "GET", 304, five_bytes()),
    ] {
        let measured = Measured::new();
        let response = Response::builder().status(status).body(body).unwrap();
        let _body = measured.answer(method, response);
        measured.assert_for(what, SUCCESS);
    }
}

/// Servers stop at the last byte, at the trailers, or where the body says that it is over.
#[test]
fn a_body_of_which_everything_was_taken_is_a_success_when_dropped() {
    let with_trailers = ScriptedBody::new([BodyStep::Data(5), trailers(), BodyStep::Pending]);
    for (what, length, body, polls) in [
        ("it says that it is over", None, five_bytes().with_end_told(), 3),
        ("the length is reached", Some("5"), five_bytes(), 3),
        ("the size is reached", None, five_bytes().with_exact_size(), 3),
        ("the size counts, not the header", Some("6"), five_bytes().with_exact_size(), 3),
        ("trailers", None, with_trailers, 2),
    ] {
        let measured = Measured::new();
        let mut response = Response::new(body);
        if let Some(length) = length {
            response.headers_mut().insert(CONTENT_LENGTH, length.parse().unwrap());
        }
        let mut body = measured.answer("POST", response);
        poll_frames(&mut body, polls - 1);
        measured.assert(IN_FLIGHT);
        poll_frames(&mut body, 1);
        drop(body);
        measured.assert_for(what, SUCCESS);
    }
}

/// What the client did not wait for is cancelled, before the head and after it.
#[test]
fn a_request_dropped_midway_is_cancelled() {
    let measured = Measured::new();
    let mut future = measured.call(request("POST"), Service::new([FutureStep::Pending]));
    assert!(future.poll().is_pending());
    measured.assert(IN_FLIGHT);
    drop(future);
    measured.assert(CANCELLED);

    for polls in 0..4 {
        let measured = Measured::new();
        let mut body = measured.answer("POST", Response::new(five_bytes()));
        poll_frames(&mut body, polls);
        drop(body);
        measured.assert(CANCELLED);
    }
}

/// A layer that knows the limit of a timeout further out takes its drop for what it is.
#[test]
fn a_request_dropped_after_its_time_limit_is_a_timeout() {
    const TIMEOUT: &[&str] = &["requests resnet50 timeout 1", "durations resnet50 1"];
    let over = Measured::with(|layer| layer.with_time_limit(Duration::ZERO));
    drop(over.call(request("POST"), Service::new([])));
    over.assert(TIMEOUT);

    let over = Measured::with(|layer| layer.with_time_limit(Duration::ZERO));
    drop(over.answer("POST", Response::new(five_bytes())));
    over.assert(TIMEOUT);

    let ample = Measured::with(|layer| layer.with_time_limit(Duration::MAX));
    drop(ample.call(request("POST"), Service::new([])));
    ample.assert(CANCELLED);
}

/// A timeout further out began to count earlier, so that it drops the request a little before the
/// same time is over here.
#[test]
fn the_last_hundredth_of_the_time_limit_belongs_to_the_timeout() {
    for (millis, status) in [(989, "cancelled"), (990, "timeout"), (1_000, "timeout")] {
        let (clock, mock) = quanta::Clock::mock();
        quanta::with_clock(&clock, || {
            let limit = Duration::from_secs(1);
            let measured = Measured::with(|layer| layer.with_time_limit(limit));
            let future = measured.call(request("POST"), Service::new([]));
            mock.increment(Duration::from_millis(millis));
            drop(future);
            let requests = format!("requests resnet50 {status} 1");
            measured.assert(&[&requests, "durations resnet50 1"]);
        });
    }
}

/// What is no answer, and what is only half of one.
#[test]
fn a_failure_is_an_error_of_its_type() {
    let measured = Measured::new();
    let mut future = measured.call(request("POST"), Service::new([FutureStep::Error]));
    assert!(future.poll().is_ready());
    assert_error(&measured, "service_error");

    let measured = Measured::new();
    let failing = ScriptedBody::new([BodyStep::Data(2), BodyStep::Error]);
    let mut body = measured.answer("POST", Response::new(failing));
    poll_frames(&mut body, 2);
    assert_error(&measured, "body_error");
    drop(body);
    assert_error(&measured, "body_error");
}

/// A panic is told from a cancellation, also if its future is dropped when it is long over.
#[test]
fn a_panic_is_an_error_wherever_it_happens() {
    let measured = Measured::new();
    let service = Service::new([]).with_panic_in_call();
    assert!(catch_scripted_panic(|| measured.call(request("POST"), service)).is_none());
    assert_error(&measured, "panic");

    let measured = Measured::new();
    let mut future = measured.call(request("POST"), Service::new([FutureStep::Panic]));
    assert!(catch_scripted_panic(|| future.poll()).is_none());
    assert_error(&measured, "panic");
    drop(future);
    assert_error(&measured, "panic");

    let measured = Measured::new();
    let panicking = ScriptedBody::new([BodyStep::Data(2), BodyStep::Panic]);
    let mut body = measured.answer("POST", Response::new(panicking));
    assert!(catch_scripted_panic(|| poll_frames(&mut body, 2)).is_none());
    assert_error(&measured, "panic");
    drop(body);
    assert_error(&measured, "panic");
}

#[derive(Clone)]
struct OutOfMemory;

/// A handler says in the extensions what its status does not.
#[test]
fn a_function_of_the_head_says_how_a_request_ended() {
    let measured = Measured::with(|layer| {
        layer.with_outcome(|head| match head.extensions.get::<OutOfMemory>() {
            Some(OutOfMemory) => RequestOutcome::Error("out_of_memory"),
            None => RequestOutcome::of_status_code(head.status.as_str()),
        })
    });
    let response = Response::builder().extension(OutOfMemory).body(five_bytes()).unwrap();
    let _body = measured.answer("POST", response);
    assert_error(&measured, "out_of_memory");
}

/// A function that panics is left out, and the status code counts.
#[test]
fn a_panic_of_that_function_leaves_the_request_alone() {
    let measured = Measured::with(|layer| {
        layer.with_outcome(|_| resume_unwind(Box::new("a panic of the function")))
    });
    let response = Response::builder().status(500).body(five_bytes()).unwrap();
    let _body = measured.answer("POST", response);
    assert_error(&measured, "500");
}

/// A handler reaches the tokens of its request through the extensions; a stream that is dropped
/// behind its last token is a success.
#[test]
fn a_handler_notes_tokens_through_the_extensions() {
    let generating = service_fn(async |request: Request<()>| {
        let tokens: &TokenRecorder = request.extensions().get().unwrap();
        tokens.set_input_tokens(3);
        tokens.record_tokens(4);
        tokens.complete_output(FinishReason::Length);
        Ok::<_, ScriptedError>(Response::new(five_bytes()))
    });
    let measured = Measured::with(InferenceLayer::with_token_recorder);
    let mut future = measured.call(request("POST"), generating);
    assert!(future.poll().is_ready());
    drop(future);
    let tokens = ["input resnet50 3", "output resnet50 4"];
    measured.assert(&[SUCCESS, &tokens].concat());
    let text = measured.exporter.render();
    assert!(
        text.contains(r#"inference_finish_total{model_name="resnet50",finish_reason="length"} 1"#)
    );
}

/// Without being asked for, there is no recorder, and no output to count.
#[test]
fn requests_that_do_not_generate_have_no_output() {
    let measured = Measured::with(InferenceLayer::with_token_recorder);
    let refused = Response::builder().status(429).body(five_bytes()).unwrap();
    let _body = measured.answer("POST", refused);
    measured.assert(&["requests resnet50 rejected 1"]);

    let plain = Measured::new();
    let answering = service_fn(async |request: Request<()>| {
        assert!(request.extensions().is_empty());
        Ok::<_, ScriptedError>(Response::new(ScriptedBody::new([]).with_end_told()))
    });
    assert!(plain.call(request("POST"), answering).poll().is_ready());
    plain.assert(SUCCESS);

    for measured in [measured, plain] {
        let text = measured.exporter.render();
        assert!(
            text.contains(r#"inference_output_token_length_count{model_name="resnet50"} 0"#),
            "{text}"
        );
    }
}
