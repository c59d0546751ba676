//! The stores below the peers.

use axum::routing::{MethodRouter, get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts};
use prometheus::{Registry, TextEncoder};

use crate::stores::{EDGES, Handles, REFERENCE, Store, label_values};

pub(crate) fn stores(label_sets: usize) -> Vec<Box<dyn Store>> {
    vec![Box::new(Exporter::new(label_sets)), Box::new(Client::new(label_sets))]
}

/// The exporter of `metrics`, below axum-prometheus and actix-web-metrics.
struct Exporter {
    handle: PrometheusHandle,
    handles: Handles,
}

impl Exporter {
    fn new(label_sets: usize) -> Self {
        let recorder = PrometheusBuilder::new().set_buckets(&EDGES).unwrap().build_recorder();
        Self { handles: Handles::new(&recorder, label_sets), handle: recorder.handle() }
    }
}

impl Store for Exporter {
    fn name(&self) -> &'static str {
        REFERENCE
    }

    fn record(&self, one_of: usize) {
        self.handles.record(one_of);
    }

    fn render(&self) -> String {
        self.handle.render()
    }

    fn upkeep(&self) -> bool {
        self.handle.run_upkeep();
        true
    }

    fn route(&self) -> MethodRouter {
        let handle = self.handle.clone();
        get(async move || handle.render())
    }
}

/// The crate `prometheus`, below actix-web-prom.
struct Client {
    registry: Registry,
    handles: Vec<(IntCounter, Histogram)>,
}

impl Client {
    fn new(label_sets: usize) -> Self {
        let registry = Registry::new();
        let labels = label_values(0).map(|(name, _)| name);
        let counters = IntCounterVec::new(Opts::new("work_total", "Work."), &labels).unwrap();
        let options = HistogramOpts::new("work_seconds", "Work.").buckets(EDGES.to_vec());
        let histograms = HistogramVec::new(options, &labels).unwrap();
        registry.register(Box::new(counters.clone())).unwrap();
        registry.register(Box::new(histograms.clone())).unwrap();
        let handles = (0..label_sets).map(|set| {
            let values = label_values(set).map(|(_, value)| value);
            (counters.with_label_values(&values), histograms.with_label_values(&values))
        });
        Self { registry, handles: handles.collect() }
    }
}

fn render(registry: &Registry) -> String {
    TextEncoder::new().encode_to_string(&registry.gather()).unwrap()
}

impl Store for Client {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn record(&self, one_of: usize) {
        for (counter, histogram) in self.handles.iter().step_by(one_of) {
            counter.inc();
            histogram.observe(0.02);
        }
    }

    fn render(&self) -> String {
        render(&self.registry)
    }

    fn upkeep(&self) -> bool {
        false
    }

    fn route(&self) -> MethodRouter {
        let registry = self.registry.clone();
        get(async move || render(&registry))
    }
}
