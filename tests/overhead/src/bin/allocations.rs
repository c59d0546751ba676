//! Counts the allocations of each variant of the framework that is its argument, and prints a line
//! of JSON for each.
//!
//! A program of its own: the allocator that counts would slow down what allocates.

use serde_json::json;
use tower_metrics_overhead::variant::{Framework, Routing, Variant};
use tower_metrics_overhead::workload::Mix;

/// How many turns of all requests are counted.
const TURNS: usize = 100;

#[expect(clippy::print_stdout, reason = "the results are what the program is run for")]
fn main() {
    let wanted = std::env::args().nth(1);
    for framework in Framework::ALL {
        if wanted.as_deref().is_some_and(|wanted| wanted != framework.name()) {
            continue;
        }
        let scenes: &[_] = match framework {
            Framework::Axum => &[("per request", Routing::PerRequest), ("served", Routing::Served)],
            _ => &[("", Routing::Served)],
        };
        for (scene, routing) in scenes {
            for variant in framework.variants() {
                let (allocations, bytes) = count(&variant, *routing);
                let line = json!({
                    "scene": scene,
                    "variant": variant.name(),
                    "allocations": allocations,
                    "bytes": bytes,
                });
                println!("{line}");
            }
        }
    }
}

/// The allocations of a request and their bytes, once everything that stays was allocated.
#[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
fn count(variant: &Variant, routing: Routing) -> (f64, f64) {
    let requests = TURNS * Mix::AllRoutes.len();
    let mut subject = variant.subject(Mix::AllRoutes, routing);
    subject.answer(requests);
    let counted = allocation_counter::measure(|| subject.answer(requests));
    let per_request = |count: u64| count as f64 / requests as f64;
    (per_request(counted.count_total), per_request(counted.bytes_total))
}
