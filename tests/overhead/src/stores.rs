//! What keeps metrics and renders them, filled alike: ours, and those below the peers.

use axum::routing::MethodRouter;
use metrics::{Counter, Histogram, Key, Label, Level, Metadata, Recorder};
use tower_metrics::{Buckets, Exporter, MetricSpec};

use crate::variant::OURS;

/// The buckets of every histogram, in seconds; with the endless one they are twelve.
pub(crate) const EDGES: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Keeps a counter and a histogram of twelve buckets for each of a number of label sets.
pub trait Store: Send + Sync {
    /// The name in results.
    fn name(&self) -> &'static str;

    /// Counts and records once in every label set of this many; in all for 1.
    fn record(&self, one_of: usize);

    /// Renders everything as text.
    fn render(&self) -> String;

    /// Does what it has to be called for in the background; `false` if that is nothing.
    fn upkeep(&self) -> bool;

    /// Answers scrapes, as its documentation shows.
    fn route(&self) -> MethodRouter;
}

/// Every store, with this many label sets; ours is the last.
pub fn stores(label_sets: usize) -> Vec<Box<dyn Store>> {
    let ours: Box<dyn Store> = Box::new(Ours::new(label_sets));
    let mut stores = vec![ours];
    #[cfg(feature = "peers")]
    stores.extend(crate::peers::stores(label_sets));
    stores.rotate_left(1);
    stores
}

/// The store that others are compared with.
pub const REFERENCE: &str = "metrics-exporter-prometheus";

/// The handles of all label sets in one recorder.
pub(crate) struct Handles(Vec<(Counter, Histogram)>);

impl Handles {
    pub(crate) fn new(recorder: &impl Recorder, label_sets: usize) -> Self {
        let metadata = Metadata::new("overhead", Level::INFO, None);
        let handles = (0..label_sets).map(|set| {
            let labels = label_values(set).map(|(name, value)| Label::new(name, value));
            let key = |name: &'static str| Key::from_parts(name, labels.to_vec());
            let counter = recorder.register_counter(&key("work_total"), &metadata);
            (counter, recorder.register_histogram(&key("work_seconds"), &metadata))
        });
        Self(handles.collect())
    }

    pub(crate) fn record(&self, one_of: usize) {
        for (counter, histogram) in self.0.iter().step_by(one_of) {
            counter.increment(1);
            histogram.record(0.02);
        }
    }
}

/// As the labels of HTTP metrics are.
pub(crate) fn label_values(set: usize) -> [(&'static str, String); 2] {
    [("method", "GET".to_owned()), ("endpoint", format!("/api/v1/things/{{id}}/part{set}"))]
}

struct Ours {
    exporter: Exporter,
    handles: Handles,
}

impl Ours {
    fn new(label_sets: usize) -> Self {
        let exporter = Exporter::builder().build().unwrap();
        let labels = label_values(0).map(|(name, _)| name);
        let histogram = MetricSpec::histogram("work_seconds", Buckets::new(EDGES).unwrap());
        let counter = MetricSpec::counter("work_total");
        exporter.declare(&[histogram.with_labels(labels), counter.with_labels(labels)]).unwrap();
        let handles = Handles::new(&exporter.recorder(), label_sets);
        Self { exporter, handles }
    }
}

impl Store for Ours {
    fn name(&self) -> &'static str {
        OURS
    }

    fn record(&self, one_of: usize) {
        self.handles.record(one_of);
    }

    fn render(&self) -> String {
        self.exporter.render()
    }

    fn upkeep(&self) -> bool {
        false
    }

    fn route(&self) -> MethodRouter {
        axum::routing::get_service(self.exporter.scrape_service())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::Scrape;

    /// All have as much to render.
    #[test]
    fn every_store_renders_the_same_number_of_samples() {
        for store in stores(3) {
            store.record(1);
            store.upkeep();
            assert_eq!(Scrape::of_text(&store.render()).samples, 3 * (1 + 14), "{}", store.name());
        }
    }
}
