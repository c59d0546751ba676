//! Requests around streams, however they end.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use tokio_test::task;
use tower_metrics_inference::{Chunk, FinishReason};
use tower_metrics_tests::scripted::{catch_scripted_panic, scripted_panic};

use super::measured::{MODEL, Measured, measured, measured_with};
use super::tokens::{INTER_TOKEN, LENGTH, OUTPUT, PER_OUTPUT, TIME_TO_FIRST, finished};

/// What a scripted stream does in a poll; without a step it is at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Item(usize),
    Pending,
    Panic,
}

use Step::{Item, Panic, Pending};

/// A stream that follows a script, and may know its own length.
struct Scripted {
    steps: VecDeque<Step>,
    tells_length: bool,
}

fn scripted(steps: impl IntoIterator<Item = Step>) -> Scripted {
    Scripted { steps: steps.into_iter().collect(), tells_length: false }
}

impl Stream for Scripted {
    type Item = usize;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<usize>> {
        match self.steps.pop_front() {
            Some(Item(tokens)) => Poll::Ready(Some(tokens)),
            Some(Pending) => Poll::Pending,
            Some(Panic) => scripted_panic(),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.tells_length { (self.steps.len(), Some(self.steps.len())) } else { (0, None) }
    }
}

/// Polls a stream this often, with a second before each poll, and a long time before it is dropped.
fn poll(measured: &Measured, stream: impl Stream, polls: u64) {
    let mut stream = task::spawn(stream);
    for _ in 0..polls {
        measured.pass(1);
        catch_scripted_panic(|| stream.poll_next().map(drop));
    }
    measured.pass(100);
}

/// What is counted of the one generation: status, reason, seconds and tokens.
fn counted(measured: &Measured) -> (String, String, u64, u64) {
    assert_eq!(measured.gauges(), [0; 3]);
    let (count, seconds) = measured.histogram("inference_duration_seconds");
    assert_eq!(count, 1);
    let tokens = measured.value(OUTPUT);
    assert_eq!(measured.histogram(LENGTH), (1, tokens));
    (measured.statuses(), finished(measured), seconds, tokens)
}

fn expected(status: &str, reason: &str, seconds: u64, tokens: u64) -> (String, String, u64, u64) {
    (format!("{status} 1"), format!("{reason} 1"), seconds, tokens)
}

/// Each item is a token, and each token has its time.
#[test]
fn a_stream_polled_to_its_end_is_a_success() {
    measured(|measured| {
        let tokens = scripted([Pending, Item(0), Item(0), Pending, Item(0)]);
        poll(measured, measured.model.start().stream(tokens), 6);
        assert_eq!(counted(measured), expected("success", "stop", 6, 3));
        assert_eq!(measured.histogram(TIME_TO_FIRST), (1, 2));
        assert_eq!(measured.histogram(INTER_TOKEN), (2, 3));
        assert_eq!(measured.histogram(PER_OUTPUT), (1, 2));
    });
}

/// What has gone out has gone out, and the rest was not wanted; also before the first poll.
#[test]
fn a_stream_dropped_midway_is_cancelled_and_keeps_its_tokens() {
    for (polls, tokens) in [(0, 0), (1, 0), (2, 1), (3, 2)] {
        measured(|measured| {
            let stream = scripted([Pending, Item(0), Item(0)]);
            poll(measured, measured.model.start().stream(stream), polls);
            let seconds = 100 + polls;
            assert_eq!(counted(measured), expected("cancelled", "cancelled", seconds, tokens));
        });
    }
}

/// Servers that know the length of what they send do not ask again after the last item.
#[test]
fn a_stream_of_known_length_is_over_with_its_last_item() {
    measured(|measured| {
        let tokens = Scripted { tells_length: true, ..scripted([Item(0), Item(0)]) };
        poll(measured, measured.model.start().stream(tokens), 2);
        assert_eq!(counted(measured), expected("success", "stop", 2, 2));
    });
    measured(|measured| {
        let tokens = Scripted { tells_length: true, ..scripted([Item(0), Item(0)]) };
        poll(measured, measured.model.start().stream(tokens), 1);
        assert_eq!(counted(measured), expected("cancelled", "cancelled", 101, 1));
    });
}

/// Items that explain themselves.
fn explain(item: &usize) -> Chunk<'_> {
    match *item {
        tokens @ 0..10 => Chunk::Tokens(tokens),
        10 => Chunk::Last { tokens: 2, reason: FinishReason::Length },
        11 => Chunk::Failed("out_of_memory"),
        _ => scripted_panic(),
    }
}

/// The last item ends the request, whether anybody asks for more or not, and whatever more there is.
#[test]
fn the_last_item_ends_the_request() {
    for polls in 2..5 {
        measured(|measured| {
            let items = scripted([Item(3), Item(10), Item(4), Item(11)]);
            poll(measured, measured.model.start().stream_as(items, explain), polls);
            assert_eq!(counted(measured), expected("success", "length", 2, 5));
        });
    }
}

/// An item that carries no token keeps the connection alive, and is not the first token.
#[test]
fn items_without_tokens_are_not_counted() {
    measured(|measured| {
        let items = scripted([Item(0), Item(0), Item(4), Item(0), Item(2)]);
        poll(measured, measured.model.start().stream_as(items, explain), 6);
        assert_eq!(counted(measured), expected("success", "stop", 6, 6));
        assert_eq!(measured.histogram(TIME_TO_FIRST), (1, 3));
        assert_eq!(measured.histogram(INTER_TOKEN), (2, 2));
    });
}

/// An item can say that the engine failed; what comes after is not measured.
#[test]
fn an_item_that_failed_ends_the_request() {
    measured(|measured| {
        let items = scripted([Item(3), Item(11), Item(4)]);
        poll(measured, measured.model.start().stream_as(items, explain), 4);
        assert_eq!(counted(measured), expected("error", "error", 2, 3));
        assert_eq!(measured.by_label("inference_errors_total", "error_type"), "out_of_memory 1");
    });
    measured(|measured| {
        let items = stream::iter([Ok("to"), Err("no"), Ok("be")]);
        poll(measured, measured.model.start().try_stream(items), 4);
        assert_eq!(counted(measured), expected("error", "error", 2, 1));
        assert_eq!(measured.by_label("inference_errors_total", "error_type"), "error 1");
    });
    measured(|measured| {
        let items = stream::iter([Ok::<_, ()>("to"), Ok("be")]);
        poll(measured, measured.model.start().try_stream(items), 3);
        assert_eq!(counted(measured), expected("success", "stop", 2, 2));
    });
}

/// Also when a runtime catches the panic, and keeps the stream for long.
#[test]
fn a_panicking_stream_is_an_error_at_once() {
    measured(|measured| {
        let items = scripted([Item(0), Panic, Item(0)]);
        poll(measured, measured.model.start().stream(items), 4);
        assert_eq!(counted(measured), expected("error", "error", 2, 1));
        assert_eq!(measured.by_label("inference_errors_total", "error_type"), "panic 1");
    });
}

/// An application's slip in explaining an item costs nobody the item.
#[test]
fn a_panicking_explanation_is_left_out() {
    measured(|measured| {
        let items = measured.model.start().stream_as(scripted([Item(99), Item(3)]), explain);
        let items = tokio_test::block_on(items.collect::<Vec<_>>());
        assert_eq!(items, [99, 3]);
        assert_eq!(counted(measured), expected("success", "stop", 0, 4));
    });
}

/// A stream that panics over its own length has given the item already.
#[test]
fn a_panicking_size_hint_is_left_out() {
    struct Shy(Scripted);

    impl Stream for Shy {
        type Item = usize;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<usize>> {
            Pin::new(&mut self.0).poll_next(cx)
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            scripted_panic()
        }
    }

    measured(|measured| {
        let mut items = task::spawn(measured.model.start().stream(Shy(scripted([Item(1)]))));
        assert_eq!(catch_scripted_panic(|| items.poll_next()), Some(Poll::Ready(Some(1))));
        assert_eq!(catch_scripted_panic(|| items.poll_next()), Some(Poll::Ready(None)));
        assert_eq!(measured.statuses(), "success 1");
    });
}

/// A deadline holds for the stream as for the request that it has taken.
#[test]
fn a_stream_dropped_after_its_deadline_is_a_timeout() {
    measured(|measured| {
        let request = measured.model.start().with_time_limit(Duration::from_secs(50));
        poll(measured, request.stream(scripted([Item(0), Pending])), 2);
        assert_eq!(counted(measured), expected("timeout", "timeout", 102, 1));
    });
}

/// Items pass unchanged, and so does what is known of how many there are.
#[test]
fn a_measured_stream_is_transparent() {
    measured(|measured| {
        let items = measured.model.start().stream(stream::iter([1, 2, 3]));
        assert_eq!(items.size_hint(), (3, Some(3)));
        assert_eq!(tokio_test::block_on(items.collect::<Vec<_>>()), [1, 2, 3]);
    });
}

/// The status and the duration are there for streams whose tokens nobody wants to know.
#[test]
fn streams_are_measured_without_the_metrics_of_tokens() {
    measured_with(
        |builder| builder,
        |measured| {
            let items = scripted([Item(3), Item(10)]);
            poll(measured, measured.model.start().stream_as(items, explain), 2);
            poll(measured, measured.model.start().stream(scripted([Item(0)])), 1);
            assert_eq!(measured.statuses(), "cancelled 1, success 1");
            assert_eq!(measured.histogram("inference_duration_seconds"), (2, 103));
            assert_eq!(measured.gauges(), [0; 3]);
            assert!(!measured.text().contains("output"), "{}", measured.text());
        },
    );
}

/// A stream may outlive everything else, and moves between threads.
#[test]
fn a_stream_outlives_the_registry() {
    fn assert_send<T: Send + 'static>(t: T) -> T {
        t
    }

    measured(|measured| {
        let model = measured.inference.find(MODEL).unwrap();
        let items = assert_send(model.start().stream(scripted([Item(0)])));
        drop(model);
        poll(measured, items, 2);
        assert_eq!(counted(measured), expected("success", "stop", 2, 1));
    });
}
