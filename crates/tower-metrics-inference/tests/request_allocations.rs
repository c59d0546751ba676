//! What requests and tokens allocate in the steady state: nothing.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::measure;
use futures_util::{Stream, stream};
use tower_metrics_inference::{Chunk, FinishReason, Inference, Model};
use tower_metrics_prometheus::Exporter;

fn poll<F: Future>(future: F) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

fn poll_to_the_end<S: Stream>(stream: S) {
    let mut stream = pin!(stream);
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(_)) = stream.as_mut().poll_next(&mut cx) {}
}

fn chunk(tokens: &usize) -> Chunk<'_> {
    match tokens {
        0 => Chunk::Last { tokens: 1, reason: FinishReason::Length },
        tokens => Chunk::Tokens(*tokens),
    }
}

type Scene = (&'static str, fn(&Inference, &Model));

const SCENES: [Scene; 11] = [
    ("success", |_, model| model.start().success()),
    ("error", |_, model| model.start().error("error")),
    ("a type of error", |_, model| model.start().error("out_of_memory")),
    ("dropped", |_, model| drop(model.start().with_time_limit(Duration::ZERO))),
    ("queued", |_, model| model.enqueue().start().success()),
    ("rejected", |_, model| model.reject()),
    ("found by name", |inference, _| inference.model("m").start().success()),
    ("unknown", |inference, _| inference.model("never registered").start().success()),
    ("future", |_, model| poll(model.observe(ready(Ok::<_, Infallible>(()))))),
    ("stream", |_, model| {
        let mut request = model.start();
        request.set_input_tokens(7);
        poll_to_the_end(request.stream(stream::iter(0..100)));
    }),
    ("stream of chunks", |_, model| {
        poll_to_the_end(model.start().stream_as(stream::iter([2, 3, 0]), chunk));
    }),
];

/// The first of each kind may, the others may not.
#[test]
fn requests_and_tokens_allocate_nothing() {
    let (clock, _) = quanta::Clock::mock();
    quanta::with_clock(&clock, || {
        let exporter = Exporter::builder().build().unwrap();
        let inference = Inference::builder().with_recorder(exporter.recorder()).with_tokens();
        let inference = inference.build().unwrap();
        let model = inference.register("m").unwrap();
        for (scene, run) in SCENES {
            run(&inference, &model);
            let counted = measure(|| (0..100).for_each(|_| run(&inference, &model)));
            assert_eq!(counted.count_total, 0, "{scene}");
        }
    });
}

/// An engine on another thread needs a place to write to: one, for all its tokens.
#[test]
fn a_recorder_allocates_once_for_a_request() {
    let (clock, _) = quanta::Clock::mock();
    quanta::with_clock(&clock, || {
        let exporter = Exporter::builder().build().unwrap();
        let inference = Inference::builder().with_recorder(exporter.recorder()).with_tokens();
        let model = inference.build().unwrap().register("m").unwrap();
        let run = || {
            let mut request = model.start();
            let recorder = request.recorder();
            for _ in 0..100 {
                recorder.clone().record_tokens(1);
            }
            recorder.complete_output(FinishReason::Stop);
        };
        run();
        assert_eq!(measure(run).count_total, 1);
    });
}
