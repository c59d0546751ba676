//! Tokens that come from elsewhere: an engine on a thread of its own.

use futures_util::stream;
use tokio_test::task;
use tower_metrics_inference::{Chunk, FinishReason};

use super::measured::{MODEL, measured};
use super::tokens::{INTER_TOKEN, LENGTH, OUTPUT, TIME_TO_FIRST, finished};

/// The request stays with whoever answers, and the engine notes the tokens.
#[test]
fn tokens_of_a_recorder_belong_to_the_request() {
    measured(|measured| {
        let mut request = measured.model.start();
        let recorder = request.recorder();
        measured.pass(1);
        recorder.record_tokens(2);
        measured.pass(4);
        recorder.clone().record_tokens(2);
        assert_eq!(measured.histogram(TIME_TO_FIRST), (1, 1));
        assert_eq!(measured.histogram(INTER_TOKEN), (2, 4));
        recorder.complete_output(FinishReason::ToolCalls);
        drop(recorder);
        assert_eq!(measured.statuses(), "");
        measured.pass(9);
        drop(request);
        assert_eq!(measured.statuses(), "success 1");
        assert_eq!(finished(measured), "tool_calls 1");
        assert_eq!(measured.histogram("inference_duration_seconds"), (1, 5));
        assert_eq!(measured.histogram(LENGTH), (1, 4));
    });
}

/// What both note is one output.
#[test]
fn a_recorder_goes_on_where_the_request_is() {
    measured(|measured| {
        let mut request = measured.model.start();
        request.record_tokens(1);
        let recorder = request.recorder();
        measured.pass(1);
        recorder.record_tokens(1);
        measured.pass(1);
        request.record_tokens(1);
        request.recorder().record_tokens(1);
        request.success();
        assert_eq!(measured.histogram(TIME_TO_FIRST), (1, 0));
        assert_eq!(measured.histogram(INTER_TOKEN), (3, 2));
        assert_eq!(measured.histogram(LENGTH), (1, 4));
    });
}

/// An engine that goes on after the client has gone away works for nobody.
#[test]
fn what_a_recorder_notes_after_the_end_is_not_counted() {
    measured(|measured| {
        let mut request = measured.model.start();
        let recorder = request.recorder();
        recorder.record_tokens(2);
        drop(request);
        recorder.record_tokens(5);
        recorder.complete_output(FinishReason::Stop);
        drop(recorder);
        assert_eq!(measured.statuses(), "cancelled 1");
        assert_eq!(finished(measured), "cancelled 1");
        assert_eq!(measured.value(OUTPUT), 2);
        assert_eq!(measured.histogram(LENGTH), (1, 2));
    });
}

/// A recorder says that there is a generation, though none of its tokens may come.
#[test]
fn a_generation_without_tokens_is_one() {
    measured(|measured| {
        let mut request = measured.model.start();
        drop(request.recorder());
        request.error("engine_gone");
        assert_eq!(finished(measured), "error 1");
        assert_eq!(measured.histogram(LENGTH), (1, 0));
    });
}

/// The stream of the answer has items of its own, which are no tokens.
#[test]
fn a_recorder_and_a_stream_measure_one_request() {
    measured(|measured| {
        let mut request = measured.model.start();
        let recorder = request.recorder();
        let items = stream::iter(["to", "be"]);
        let mut answer = task::spawn(request.stream_as(items, |_| Chunk::Tokens(0)));
        recorder.record_tokens(7);
        recorder.complete_output(FinishReason::Length);
        for _ in 0..2 {
            assert!(answer.poll_next().is_ready());
        }
        assert_eq!(measured.statuses(), "success 1");
        assert_eq!(finished(measured), "length 1");
        assert_eq!(measured.value(OUTPUT), 7);
    });
}

/// Tokens and the end race on different threads, and are counted alike in both places.
#[test]
fn a_recorder_on_another_thread_agrees_with_the_request() {
    measured(|measured| {
        for _ in 0..200 {
            let mut request = measured.inference.model(MODEL).start();
            let recorder = request.recorder();
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    for _ in 0..20 {
                        recorder.record_tokens(1);
                    }
                    recorder.complete_output(FinishReason::Stop);
                });
                drop(request);
            });
        }
        let (count, tokens) = measured.histogram(LENGTH);
        assert_eq!(count, 200);
        assert_eq!(measured.value(OUTPUT), tokens);
        assert_eq!(measured.value("inference_duration_seconds_count"), 200);
        assert_eq!(measured.gauges(), [0; 3]);
    });
}
