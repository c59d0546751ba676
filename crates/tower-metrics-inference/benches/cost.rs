//! What a request and a token cost: `cargo bench -p tower-metrics-inference`.
//!
//! Prints nanoseconds, the best and the median of some rounds, and asserts nothing. As a test it
//! only shows that it runs.

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tower_metrics_inference::{FinishReason, Inference, InferenceRequest, Model};
use tower_metrics_prometheus::Exporter;

const ROUNDS: usize = 31;
const REPEATS: u32 = 20_000;

/// What is measured, and how much of it is done at once.
struct Scene<'a> {
    name: &'static str,
    per_run: u32,
    run: Box<dyn FnMut() + 'a>,
}

fn scene<'a>(name: &'static str, per_run: u32, run: impl FnMut() + 'a) -> Scene<'a> {
    Scene { name, per_run, run: Box::new(run) }
}

fn scenes<'a>(inference: &'a Inference, model: &'a Model, plain: &'a Model) -> Vec<Scene<'a>> {
    const TOKENS: u32 = 100;
    let tokens = |mut request: InferenceRequest| {
        for _ in 0..TOKENS {
            request.record_tokens(black_box(1));
        }
        request.complete_output(FinishReason::Stop);
    };
    vec![
        scene("request: start, success", 1, || plain.start().success()),
        scene("request: look up, start, success", 1, || {
            inference.model(black_box("model-50")).start().success();
        }),
        scene("request: start, error", 1, || plain.start().error(black_box("out_of_memory"))),
        scene("request: enqueue, start, success", 1, || plain.enqueue().start().success()),
        scene("request: start, dropped with a deadline", 1, || {
            drop(plain.start().with_time_limit(Duration::from_secs(60)));
        }),
        scene("token: of a generation of 100", TOKENS, move || tokens(model.start())),
        scene("token: of a recorder, generation of 100", TOKENS, || {
            let mut request = model.start();
            let recorder = request.recorder();
            for _ in 0..TOKENS {
                recorder.record_tokens(black_box(1));
            }
            request.success();
        }),
        scene("token: without their metrics", TOKENS, move || tokens(plain.start())),
    ]
}

/// Nanoseconds for each of what a scene does, round by round, sorted.
fn measure(scene: &mut Scene<'_>, rounds: usize, repeats: u32) -> Vec<f64> {
    let repeats = (repeats / scene.per_run).max(1);
    let round = |_| {
        let began = Instant::now();
        (0..repeats).for_each(|_| (scene.run)());
        began.elapsed().as_secs_f64() * 1e9 / f64::from(repeats) / f64::from(scene.per_run)
    };
    let mut nanoseconds: Vec<f64> = (0..rounds).map(round).collect();
    nanoseconds.sort_by(f64::total_cmp);
    nanoseconds
}

#[expect(clippy::print_stdout, reason = "the results are what the program is run for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_bench = env::args().any(|argument| argument == "--bench");
    let (rounds, repeats) = if is_bench { (ROUNDS, REPEATS) } else { (1, 1) };

    let (exporter, other) = (Exporter::builder().build()?, Exporter::builder().build()?);
    let inference =
        Inference::builder().with_recorder(exporter.recorder()).with_tokens().build()?;
    let plain = Inference::builder().with_recorder(other.recorder()).build()?;
    for i in 0..100 {
        plain.register(&format!("model-{i}"))?;
    }
    let (model, plain_model) = (inference.register("m")?, plain.model("model-0"));

    println!("{:<44} {:>8} {:>8}   ns", "", "best", "median");
    for mut scene in scenes(&plain, &model, &plain_model) {
        let nanoseconds = measure(&mut scene, rounds, repeats);
        let median = nanoseconds.get(rounds / 2).unwrap_or(&f64::NAN);
        let best = nanoseconds.first().unwrap_or(&f64::NAN);
        println!("{:<44} {best:>8.1} {median:>8.1}", scene.name);
    }
    Ok(())
}
