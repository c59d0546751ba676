//! The stores behind an exporter: one for each declaration, and one for what nobody declared.
//!
//! The exporter that this crate builds on fixes its buckets when it is made. So every declaration
//! gets an exporter of its own, with the buckets it asks for; a metric is looked up by name when
//! its handle is registered, and a rendering joins them all.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use metrics_exporter_prometheus::formatting::sanitize_metric_name;
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use tower_metrics_core::backend::describe;
use tower_metrics_core::{Buckets, DeclareError, MetricKind, MetricSpec};

use crate::render;

/// All stores of an exporter.
pub(crate) struct Stores {
    undeclared: Arc<Store>,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    declared: Vec<Arc<Store>>,
    metrics: HashMap<String, Metric>,
}

/// What is known of a metric.
struct Metric {
    kind: MetricKind,
    store: Arc<Store>,
    spec: Option<MetricSpec>,
    warned: AtomicBool,
}

struct Store {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Stores {
    pub(crate) fn new(default_buckets: &Buckets) -> Self {
        let builder = PrometheusBuilder::new().set_buckets(default_buckets.edges());
        Self { undeclared: Arc::new(Store::new(never_empty(builder))), state: RwLock::default() }
    }

    /// Declares metrics into a store of their own; those declared alike before stay where they are.
    pub(crate) fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        specs.iter().try_for_each(MetricSpec::validate)?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut new: Vec<MetricSpec> = Vec::new();
        for spec in specs {
            let earlier = new.iter().find(|other| other.name() == spec.name());
            let known = state.metrics.get(spec.name());
            match (earlier, known.map(|metric| &metric.spec)) {
                (Some(earlier), _) | (None, Some(Some(earlier))) => same(earlier, spec)?,
                (None, Some(None)) => {
                    return Err(DeclareError::AlreadyRecorded { name: spec.name().to_owned() });
                }
                (None, None) => new.push(spec.clone()),
            }
        }
        if new.is_empty() {
            return Ok(());
        }

        let store = Arc::new(Store::with_buckets_of(&new));
        describe(&store.recorder, &new);
        for spec in new {
            let metric = Metric {
                kind: spec.kind(),
                store: Arc::clone(&store),
                spec: Some(spec.clone()),
                warned: AtomicBool::new(false),
            };
            state.metrics.insert(spec.name().to_owned(), metric);
        }
        state.declared.push(store);
        Ok(())
    }

    /// Describes a metric, unless its declaration has done so.
    pub(crate) fn describe(&self, name: &str, describe: impl FnOnce(&PrometheusRecorder)) {
        let name = sanitize_metric_name(name);
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let metric = state.metrics.get(&name);
        describe(metric.map_or(&self.undeclared.recorder, |metric| &metric.store.recorder));
    }

    /// Registers a handle in the store of `name`; `None` if `name` is a metric of another kind.
    pub(crate) fn register<T>(
        &self,
        name: &str,
        kind: MetricKind,
        register: impl FnOnce(&PrometheusRecorder) -> T,
    ) -> Option<T> {
        let sanitized = sanitize_metric_name(name);
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(metric) = state.metrics.get(&sanitized) {
            if metric.kind == kind {
                return Some(register(&metric.store.recorder));
            }
            if !metric.warned.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    name,
                    "a {} is used as a {kind}; that is not recorded",
                    metric.kind
                );
            }
            return None;
        }
        drop(state);

        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.metrics.entry(sanitized).or_insert_with(|| Metric {
            kind,
            store: Arc::clone(&self.undeclared),
            spec: None,
            warned: AtomicBool::new(false),
        });
        drop(state);
        self.register(name, kind, register)
    }

    /// Renders all stores as one.
    pub(crate) fn render(&self) -> String {
        let texts: Vec<String> = self.all().iter().map(|store| store.handle.render()).collect();
        render::join(&texts)
    }

    /// Folds the samples that came in since into their buckets.
    pub(crate) fn upkeep(&self) {
        for store in self.all() {
            store.handle.run_upkeep();
        }
    }

    fn all(&self) -> Vec<Arc<Store>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&self.undeclared).chain(&state.declared).cloned().collect()
    }
}

impl Store {
    fn new(builder: PrometheusBuilder) -> Self {
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Self { recorder, handle }
    }

    fn with_buckets_of(specs: &[MetricSpec]) -> Self {
        let mut builder = PrometheusBuilder::new();
        for spec in specs {
            if let Some(buckets) = spec.buckets() {
                let name = Matcher::Full(spec.name().to_owned());
                builder = never_empty(builder.set_buckets_for_metric(name, buckets.edges()));
            }
        }
        Self::new(builder)
    }
}

/// The exporter below refuses empty bucket lists, and [`Buckets`] is never empty.
fn never_empty<E>(builder: Result<PrometheusBuilder, E>) -> PrometheusBuilder {
    builder.unwrap_or_default()
}

/// Whether two declarations of one name say the same.
fn same(earlier: &MetricSpec, later: &MetricSpec) -> Result<(), DeclareError> {
    let differs_in = if earlier.kind() != later.kind() {
        "kind"
    } else if earlier.buckets() != later.buckets() {
        "bucket list"
    } else if !earlier.labels().eq(later.labels()) {
        "label set"
    } else if earlier.unit() != later.unit() {
        "unit"
    } else if earlier.help() != later.help() {
        "help text"
    } else {
        return Ok(());
    };
    Err(DeclareError::Conflict { name: later.name().to_owned(), differs_in })
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}
