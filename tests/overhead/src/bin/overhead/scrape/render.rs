//! The time that rendering takes, and the upkeep of what was recorded since the last.

use std::time::Instant;

use tower_metrics_overhead::report::{Finding, Report};
use tower_metrics_overhead::stats::Quartiles;
use tower_metrics_overhead::stores::{REFERENCE, Store, stores};

const ROUNDS: usize = 15;
/// How much is recorded in each label set between two renderings.
const SAMPLES: usize = 100;

/// The times of a store.
struct Times {
    store: Box<dyn Store>,
    upkeep: Vec<f64>,
    render: Vec<f64>,
    bytes: usize,
}

/// Renders 60, 600 and 6 000 label sets in every store, in turns.
pub(crate) fn measure(report: &mut Report) {
    for label_sets in [60, 600, 6_000] {
        let mut all: Vec<Times> = stores(label_sets).into_iter().map(Times::new).collect();
        for _ in 0..ROUNDS {
            all.iter_mut().for_each(Times::measure);
        }
        let reference = all.iter().find(|times| times.store.name() == REFERENCE);
        let reference = reference.map_or_else(Vec::new, |times| times.render.clone());
        for times in &all {
            times.report(report, &format!("{label_sets} label sets"), &reference);
        }
    }
}

impl Times {
    fn new(store: Box<dyn Store>) -> Self {
        store.record(1);
        store.upkeep();
        store.render();
        Self { store, upkeep: Vec::new(), render: Vec::new(), bytes: 0 }
    }

    fn measure(&mut self) {
        for _ in 0..SAMPLES {
            self.store.record(1);
        }
        let begun = Instant::now();
        if self.store.upkeep() {
            self.upkeep.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        let begun = Instant::now();
        let text = self.store.render();
        self.render.push(begun.elapsed().as_secs_f64() * 1e6);
        self.bytes = text.len();
    }

    fn report(&self, report: &mut Report, scene: &str, reference: &[f64]) {
        let finding = || Finding::new("scrape", "exporters", scene).of(self.store.name());
        let of = |values: &[f64]| Quartiles::of(values.iter().copied());
        let ratios = self.render.iter().zip(reference).map(|(time, reference)| time / reference);
        let rendered = finding().with("render", of(&self.render), "µs");
        report.add(match reference {
            [] => rendered,
            _ => rendered.with_ratio(Quartiles::of(ratios).median),
        });
        if !self.upkeep.is_empty() {
            report.add(finding().with("upkeep", of(&self.upkeep), "µs"));
        }
        #[expect(clippy::cast_precision_loss, reason = "texts are far below 2^52 bytes")]
        let kilobytes = Quartiles::exact(self.bytes as f64 / 1e3);
        report.add(finding().with("size", kilobytes, "kB"));
    }
}
