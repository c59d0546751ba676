//! What is left of it on the wire: throughput on loopback, and what a request costs the server.

mod client;
mod process;
pub(crate) mod server;

use std::time::{Duration, Instant};

use tower_metrics_overhead::report::{Finding, Report};
use tower_metrics_overhead::stats::Quartiles;
use tower_metrics_overhead::variant::{BARE, Framework, OURS, WRAP};

pub(crate) use client::Client;
use process::ServerProcess;

const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(700);

/// What was measured in the rounds of one variant.
#[derive(Debug, Default)]
struct Rounds {
    per_second: Vec<f64>,
    cpu_nanos: Vec<f64>,
    busy: Vec<f64>,
}

/// Serves the bare router, one whose layer records nothing, the reference and ours, each by one worker
/// in a process of its own, and sends requests from this one, to each in turns.
pub(crate) fn measure(report: &mut Report) {
    let framework = Framework::Axum;
    let known = framework.variants();
    let names = [BARE, WRAP, framework.reference(), OURS];
    let names = names.into_iter().filter(|name| known.iter().any(|known| known.name() == *name));
    let mut turns: Vec<_> = names
        .map(|name| (name, ServerProcess::start(framework, name), Rounds::default()))
        .collect();
    for (_, server, _) in &turns {
        client::load(server.address(), ROUND);
    }
    for _ in 0..ROUNDS {
        for (_, server, rounds) in &mut turns {
            rounds.measure(server);
        }
        turns.rotate_left(1);
    }

    let bare = turns.iter().position(|(name, ..)| *name == BARE).unwrap();
    let (_, _, bare) = turns.swap_remove(bare);
    bare.report(report, BARE, &bare);
    turns.sort_by_key(|(name, ..)| *name == OURS);
    for (name, _, rounds) in &turns {
        rounds.report(report, name, &bare);
    }
}

impl Rounds {
    #[expect(clippy::cast_precision_loss, reason = "all are far below 2^52")]
    fn measure(&mut self, server: &ServerProcess) {
        let (before, begun) = (server.cpu_nanos(), Instant::now());
        let requests = client::load(server.address(), ROUND) as f64;
        let (after, elapsed) = (server.cpu_nanos(), begun.elapsed());
        self.per_second.push(requests / elapsed.as_secs_f64());
        if let Some((before, after)) = before.zip(after) {
            let cpu = (after - before) as f64;
            self.cpu_nanos.push(cpu / requests);
            self.busy.push(cpu / elapsed.as_nanos() as f64);
        }
    }

    /// Reports the numbers, and what part of the bare ones of the same round they are.
    fn report(&self, report: &mut Report, variant: &str, bare: &Self) {
        let finding = || Finding::new("wire", Framework::Axum.name(), "one worker").of(variant);
        let of = |values: &[f64]| Quartiles::of(values.iter().copied());
        let ratio = |values: &[f64], bare: &[f64]| {
            Quartiles::of(values.iter().zip(bare).map(|(value, bare)| value / bare)).median
        };
        let throughput = finding().with("throughput", of(&self.per_second), "requests/s");
        report.add(throughput.with_ratio(ratio(&self.per_second, &bare.per_second)));
        if !self.cpu_nanos.is_empty() {
            let cpu = finding().with("server cpu", of(&self.cpu_nanos), "ns/request");
            report.add(cpu.with_ratio(ratio(&self.cpu_nanos, &bare.cpu_nanos)));
            report.add(finding().with("server busy", of(&self.busy), "of one core"));
        }
    }
}
