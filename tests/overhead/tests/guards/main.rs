//! What a request costs in allocations and in moved bytes, as far as that never varies.
//!
//! Times vary, and are measured by `cargo xtask bench` instead. The limits stand in `limits.rs`.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod limits;

use std::mem::size_of;

use limits::{ALLOCATIONS, Limit, SIZES};
use tower_metrics::{actix_web, middleware, request};
use tower_metrics_overhead::variant::{BARE, Framework, OURS, Routing, WRAP};
use tower_metrics_overhead::workload::Mix;

/// A request allocates no more than its limit, over the whole load, on the thread that answers it.
#[test]
fn a_request_allocates_no_more_than_it_must() {
    let above = |framework, routing, base| {
        allocations(framework, routing, OURS) - allocations(framework, routing, base)
    };
    let measured = [
        ("axum, served, above wrap", above(Framework::Axum, Routing::Served, WRAP)),
        ("axum, per request, above wrap", above(Framework::Axum, Routing::PerRequest, WRAP)),
        ("actix-web, above bare", above(Framework::ActixWeb, Routing::Served, BARE)),
    ];
    assert_within(ALLOCATIONS, &measured);
}

/// What futures and bodies hold is moved several times in the life of a request.
#[test]
fn futures_and_bodies_are_no_larger_than_they_must_be() {
    let measured = [
        ("RequestGuard", size_of::<request::RequestGuard>()),
        ("middleware::MetricsService", size_of::<middleware::MetricsService<()>>()),
        ("middleware::ResponseFuture", size_of::<middleware::ResponseFuture<()>>()),
        ("middleware::ResponseBody", size_of::<middleware::ResponseBody<()>>()),
        ("actix_web::MetricsService", size_of::<actix_web::MetricsService<()>>()),
        ("actix_web::ResponseFuture", size_of::<actix_web::ResponseFuture<()>>()),
        ("actix_web::ResponseBody", size_of::<actix_web::ResponseBody<()>>()),
    ];
    #[expect(clippy::cast_precision_loss, reason = "types are small")]
    let measured = measured.map(|(what, bytes)| (what, bytes as f64));
    assert_within(SIZES, &measured);
}

/// The allocations of a request, once everything that stays was allocated.
#[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
fn allocations(framework: Framework, routing: Routing, variant: &str) -> f64 {
    let mut variants = framework.variants().into_iter();
    let variant = variants.find(|known| known.name() == variant).unwrap();
    let requests = 10 * Mix::AllRoutes.len();
    let mut subject = variant.subject(Mix::AllRoutes, routing);
    subject.answer(requests);
    let counted = allocation_counter::measure(|| subject.answer(requests));
    counted.count_total as f64 / requests as f64
}

fn assert_within(limits: &[Limit], measured: &[(&str, f64)]) {
    let names: Vec<_> = limits.iter().map(|limit| limit.what).collect();
    assert_eq!(names, measured.iter().map(|(what, _)| *what).collect::<Vec<_>>());
    for (Limit { what, max, reason }, (_, value)) in limits.iter().zip(measured) {
        assert!(value <= max, "{what}: {value} is above {max}, which is allowed because {reason}");
    }
}
