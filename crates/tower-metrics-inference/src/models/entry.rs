//! A model in the registry: its name, its handles, its place among the states.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram};
use tower_metrics_core::{Live, Resolved};

use super::series::Series;
use super::source::{Source, to_f64};
use super::state::{LoadStatus, ModelState, State};
use crate::names::InferenceMetric as Metric;

/// A model, or all that are unknown.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    pub(crate) source: Arc<Source>,
    /// The model's place among the states; none for what stands for unknown models.
    number: Option<usize>,
    series: Resolved<Series>,
    lifecycle: Resolved<Lifecycle>,
}

/// What is recorded when a model is loaded and unloaded.
#[derive(Debug)]
struct Lifecycle {
    loaded: Gauge,
    load_duration: Histogram,
    loads: [Counter; LoadStatus::ALL.len()],
    unloads: Counter,
}

impl Entry {
    /// The name that requests for unknown models are counted under.
    pub(crate) const UNKNOWN: &'static str = "unknown";

    pub(crate) fn registered(name: Arc<str>, source: Arc<Source>) -> Self {
        let number = Some(source.add_model());
        let entry = Self {
            name,
            source,
            number,
            series: Resolved::default(),
            lifecycle: Resolved::default(),
        };
        entry.show();
        entry
    }

    pub(crate) fn unknown(source: Arc<Source>) -> Self {
        let name = Self::UNKNOWN.into();
        let (series, lifecycle) = (Resolved::default(), Resolved::default());
        Self { name, source, number: None, series, lifecycle }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.number.is_some()
    }

    pub(crate) fn series(&self) -> Arc<Live<Series>> {
        self.series.get(&*self.source.backend, || Series::resolve(&self.source, &self.name))
    }

    /// Makes everything visible that is known by now.
    pub(crate) fn show(&self) {
        let backend = &*self.source.backend;
        self.series.renew(backend, || Series::resolve(&self.source, &self.name));
        self.lifecycle.renew(backend, || Lifecycle::resolve(&self.source, &self.name));
        self.change(|_| {});
        self.with_state(|state| {
            if let Some(version) = &state.version {
                self.version(version).set(1.0);
            }
            if let Some(max) = state.max_concurrency {
                self.show_max_concurrency(max);
            }
        });
    }

    pub(crate) fn state(&self) -> ModelState {
        self.with_state(|state| state.get()).unwrap_or(ModelState::Registered)
    }

    pub(crate) fn begin_loading(&self) {
        self.change(State::begin_loading);
    }

    pub(crate) fn end_loading(&self, status: LoadStatus, seconds: f64) {
        let lifecycle = self.lifecycle();
        lifecycle.loads(status).increment(1);
        lifecycle.load_duration.record(seconds);
        self.change(|state| state.end_loading(status));
    }

    pub(crate) fn unload(&self) -> bool {
        let unloaded = self.change(State::unload).unwrap_or(false);
        if unloaded {
            self.lifecycle().unloads.increment(1);
        }
        unloaded
    }

    pub(crate) fn set_version(&self, version: &str) {
        let version = self.source.admit_version(version);
        self.with_state(|state| {
            let earlier = state.version.replace(Arc::clone(&version));
            // The same one again must not be seen at zero in between.
            if let Some(earlier) = earlier.filter(|earlier| *earlier != version) {
                self.version(&earlier).set(0.0);
            }
            self.version(&version).set(1.0);
        });
    }

    pub(crate) fn set_max_concurrency(&self, max: usize) {
        self.with_state(|state| {
            state.max_concurrency = Some(max);
            self.show_max_concurrency(max);
        });
    }

    /// Changes the state, and shows what it is then.
    fn change<T>(&self, f: impl FnOnce(&mut State) -> T) -> Option<T> {
        let lifecycle = self.is_known().then(|| self.lifecycle())?;
        let mut states = self.source.states();
        let state = states.get_mut(self.number?)?;
        let result = f(state);
        lifecycle.loaded.set(if state.loaded { 1.0 } else { 0.0 });
        self.source.show_count(&states);
        Some(result)
    }

    fn with_state<T>(&self, f: impl FnOnce(&mut State) -> T) -> Option<T> {
        self.source.states().get_mut(self.number?).map(f)
    }

    fn lifecycle(&self) -> Arc<Live<Lifecycle>> {
        let resolve = || Lifecycle::resolve(&self.source, &self.name);
        self.lifecycle.get(&*self.source.backend, resolve)
    }

    fn version(&self, version: &str) -> Gauge {
        self.source.gauge(Metric::ModelInfo, &[&self.name, version])
    }

    fn show_max_concurrency(&self, max: usize) {
        self.source.gauge(Metric::MaxConcurrency, &[&self.name]).set(to_f64(max));
    }
}

impl Lifecycle {
    fn resolve(source: &Source, model: &str) -> Self {
        Self {
            loaded: source.gauge(Metric::ModelLoaded, &[model]),
            load_duration: source.histogram(Metric::LoadDuration, &[model]),
            loads: LoadStatus::ALL
                .map(|status| source.counter(Metric::Loads, &[model, status.as_str()])),
            unloads: source.counter(Metric::Unloads, &[model]),
        }
    }

    fn loads(&self, status: LoadStatus) -> &Counter {
        let [success, error, cancelled] = &self.loads;
        match status {
            LoadStatus::Success => success,
            LoadStatus::Error => error,
            LoadStatus::Cancelled => cancelled,
        }
    }
}
