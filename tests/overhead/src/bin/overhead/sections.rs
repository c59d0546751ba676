//! The measurements, in the order in which they run.

use std::time::Instant;

use tower_metrics_overhead::report::{Format, Report};
use tower_metrics_overhead::rounds::Plan;
use tower_metrics_overhead::timing;
use tower_metrics_overhead::variant::{Framework, Routing};

use crate::{allocations, instructions, scanner, scrape, wire};

/// A measurement that can be asked for alone.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    run: fn(&mut Report),
}

pub(crate) const SECTIONS: &[Section] = &[
    section("time/axum/one-thread", |report| {
        let plan = Plan::one_thread(Routing::PerRequest);
        timing::measure(report, Framework::Axum, "one thread", plan);
    }),
    section("time/axum/one-thread-served", |report| {
        let plan = Plan::one_thread(Routing::Served);
        timing::measure(report, Framework::Axum, "one thread, served", plan);
    }),
    section("time/axum/two-threads", |report| {
        let plan = Plan::two_threads(Routing::PerRequest);
        timing::measure(report, Framework::Axum, "two threads, one route", plan);
    }),
    section("time/axum/two-threads-served", |report| {
        let plan = Plan::two_threads(Routing::Served);
        timing::measure(report, Framework::Axum, "two threads, one route, served", plan);
    }),
    section("time/actix-web/one-thread", |report| {
        let plan = Plan::one_thread(Routing::Served);
        timing::measure(report, Framework::ActixWeb, "one thread", plan);
    }),
    section("time/actix-web/two-threads", |report| {
        let plan = Plan::two_threads(Routing::Served);
        timing::measure(report, Framework::ActixWeb, "two threads, one route", plan);
    }),
    section("allocations/axum", |report| allocations::measure(report, Framework::Axum)),
    section("allocations/actix-web", |report| allocations::measure(report, Framework::ActixWeb)),
    section("instructions/axum", |report| instructions::measure(report, Framework::Axum)),
    section("instructions/actix-web", |report| instructions::measure(report, Framework::ActixWeb)),
    section("wire/axum", wire::measure),
    section("scrape/render", scrape::render::measure),
    section("scrape/latency", scrape::latency::measure),
    section("scanner/axum", |report| scanner::measure(report, Framework::Axum)),
    section("scanner/actix-web", |report| scanner::measure(report, Framework::ActixWeb)),
];

const fn section(name: &'static str, run: fn(&mut Report)) -> Section {
    Section { name, run }
}

/// Runs the measurements whose names contain `filter`, prints what they found, and says how many
/// they were.
pub(crate) fn run(filter: &str, format: Format) -> usize {
    let mut report = Report::new(format);
    let chosen = || SECTIONS.iter().filter(|section| section.name.contains(filter));
    for section in chosen() {
        let begun = Instant::now();
        (section.run)(&mut report);
        eprintln!("{}: {:.1} s", section.name, begun.elapsed().as_secs_f64());
    }
    report.finish();
    chosen().count()
}
