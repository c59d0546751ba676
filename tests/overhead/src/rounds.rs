//! Times variants in turns: short rounds, so that what else the machine does meets all alike.
//!
//! Counted is the processor's time of the threads that answer. Where threads meet, that holds the
//! waiting for memory, but not for a lock that lets them sleep.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::variant::{Routing, Subject, Variant};
use crate::workload::Mix;

/// After this time no further round begins, on a machine that is slow or has other things to do.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the requests of a round are sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Which requests.
    pub mix: Mix,
    /// How axum reaches its handlers.
    pub routing: Routing,
    /// On how many threads at the same time, each with an app of its own.
    pub threads: usize,
    /// How many times every variant has its turn, if there is time for it.
    pub rounds: usize,
    /// How many requests a turn has on each thread.
    pub requests: usize,
}

impl Plan {
    /// All routes on one thread.
    pub fn one_thread(routing: Routing) -> Self {
        Self { mix: Mix::AllRoutes, routing, threads: 1, rounds: 160, requests: 990 }
    }

    /// One route on two threads, which therefore meet in the same series.
    pub fn two_threads(routing: Routing) -> Self {
        Self { mix: Mix::OneRoute, routing, threads: 2, rounds: 120, requests: 2_000 }
    }
}

/// The nanoseconds per request of every round of a variant, in the order of the rounds.
pub type Times = Vec<f64>;

/// What all rounds brought.
#[derive(Debug)]
#[non_exhaustive]
pub struct Measured {
    /// The times of each variant, in the order in which the variants were given.
    pub times: Vec<Times>,
    /// Which part of the time the threads ran; much less than 1 if the machine was busy, so that
    /// they seldom met.
    pub ran: f64,
}

/// Runs all rounds.
///
/// # Panics
///
/// If a variant does.
pub fn run(variants: &[Variant], plan: Plan) -> Measured {
    let pace = Pace { barrier: Barrier::new(plan.threads), over: AtomicBool::new(false) };
    let threads: Vec<OfThread> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..plan.threads).map(|_| scope.spawn(|| run_thread(variants, plan, &pace))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |part: fn(&OfThread) -> Duration| threads.iter().map(part).sum::<Duration>();
    let ran = sum(|thread| thread.ran).as_secs_f64() / sum(|thread| thread.took).as_secs_f64();
    let times: Vec<_> = threads.into_iter().map(|thread| thread.times).collect();
    Measured { times: mean_of_threads(&times), ran }
}

/// What the rounds brought on one thread.
#[derive(Debug, Default)]
struct OfThread {
    times: Vec<Times>,
    ran: Duration,
    took: Duration,
}

/// What keeps the threads of a round together.
struct Pace {
    barrier: Barrier,
    over: AtomicBool,
}

fn run_thread(variants: &[Variant], plan: Plan, pace: &Pace) -> OfThread {
    let mut subjects: Vec<Box<dyn Subject>> =
        variants.iter().map(|variant| variant.subject(plan.mix, plan.routing)).collect();
    let mut times = vec![Times::new(); variants.len()];
    let (mut all_ran, mut all_took) = (Duration::ZERO, Duration::ZERO);
    for subject in &mut subjects {
        // Whatever is made on first sight is made here.
        subject.answer(5 * plan.requests);
    }
    let mut turns: Vec<_> = variants.iter().zip(&mut subjects).zip(&mut times).collect();
    let begun = Instant::now();
    for _ in 0..plan.rounds {
        for ((variant, subject), times) in &mut turns {
            pace.barrier.wait();
            let (ran, took) = time(|| subject.answer(plan.requests));
            times.push(per_request(ran, plan.requests));
            (all_ran, all_took) = (all_ran + ran, all_took + took);
            if pace.barrier.wait().is_leader() {
                variant.upkeep();
                pace.over.fetch_or(begun.elapsed() > PATIENCE, Ordering::Relaxed);
            }
        }
        // All threads must see the same.
        pace.barrier.wait();
        if pace.over.load(Ordering::Relaxed) {
            break;
        }
        // Nobody always comes after the same neighbour's caches.
        turns.rotate_left(1);
    }
    drop(turns);
    OfThread { times, ran: all_ran, took: all_took }
}

/// How long this thread ran for `work`, and how long it took.
fn time(work: impl FnOnce()) -> (Duration, Duration) {
    let (ran, begun) = (thread_time(), Instant::now());
    work();
    (thread_time().saturating_sub(ran), begun.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
fn per_request(time: Duration, requests: usize) -> f64 {
    time.as_nanos() as f64 / requests as f64
}

/// How long this thread ran; time that other programs take from it is not its own.
fn thread_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "there are few threads")]
fn mean_of_threads(of_threads: &[Vec<Times>]) -> Vec<Times> {
    let mut sums: Vec<Times> = Vec::new();
    for variants in of_threads {
        for (index, times) in variants.iter().enumerate() {
            match sums.get_mut(index) {
                None => sums.push(times.clone()),
                Some(sum) => sum.iter_mut().zip(times).for_each(|(sum, time)| *sum += time),
            }
        }
    }
    for time in sums.iter_mut().flatten() {
        *time /= of_threads.len() as f64;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::Framework;

    /// Each variant has as many times as there were rounds, on one thread and on two.
    #[test]
    fn every_variant_has_its_turn_in_every_round() {
        for framework in [Framework::Axum, Framework::ActixWeb] {
            let variants = framework.variants();
            for threads in [1, 2] {
                let (mix, routing) = (Mix::AllRoutes, Routing::Served);
                let plan = Plan { mix, routing, threads, rounds: 3, requests: 10 };
                let times = run(&variants, plan).times;
                assert_eq!(times.len(), variants.len());
                assert!(times.iter().all(|times| times.len() == 3));
                assert!(times.iter().flatten().all(|time| *time > 0.0));
            }
        }
    }

    /// The threads of a round count alike.
    #[test]
    fn the_time_of_a_round_is_the_mean_of_its_threads() {
        let threads =
            [vec![vec![1.0, 2.0], vec![10.0, 10.0]], vec![vec![3.0, 4.0], vec![30.0, 50.0]]];
        assert_eq!(mean_of_threads(&threads), [[2.0, 3.0], [20.0, 30.0]]);
    }
}
