//! A model in the registry: its name, its series, its place among the states.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram};

use quanta::Instant;

use super::handle::Handle;
use super::series::Series;
use super::source::{Source, to_f64};
use super::state::{LoadStatus, ModelState, State};
use crate::names::InferenceMetric as Metric;

/// A model, or all that are unknown.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    pub(crate) series: Series,
    source: Arc<Source>,
    /// What registered models have besides requests.
    registered: Option<Registration>,
}

/// What is known and recorded of a registered model.
#[derive(Debug)]
struct Registration {
    /// The model's place among the states.
    number: usize,
    loaded: Handle<Gauge>,
    load_duration: Handle<Histogram>,
    loads: [Handle<Counter>; LoadStatus::ALL.len()],
    unloads: Handle<Counter>,
}

impl Entry {
    /// The name that requests for unknown models are counted under.
    pub(crate) const UNKNOWN: &'static str = "unknown";

    pub(crate) fn registered(name: Arc<str>, source: Arc<Source>) -> Self {
        let registered = Some(Registration::new(&source, &name));
        let entry = Self { series: Series::new(&source, &name), name, source, registered };
        entry.show();
        entry
    }

    pub(crate) fn unknown(source: Arc<Source>) -> Self {
        let name = Self::UNKNOWN.into();
        Self { series: Series::new(&source, &name), name, source, registered: None }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.registered.is_some()
    }

    /// Counts a request in.
    pub(crate) fn arrive(&self, now: Instant) -> Gauge {
        let (in_flight, is_anew) = self.series.in_flight.enter_anew(now);
        if is_anew && self.source.backend.is_recording() {
            // A recorder that came late, or forgets, does not have what was shown before.
            self.show();
        }
        in_flight
    }

    /// Makes everything visible that is known by now.
    pub(crate) fn show(&self) {
        self.series.show();
        if let Some(registered) = &self.registered {
            registered.show();
        }
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
        if let Some(registered) = &self.registered {
            let now = Instant::now();
            registered.loads(status).increment(now, 1);
            registered.load_duration.record(now, seconds);
        }
        self.change(|state| state.end_loading(status));
    }

    pub(crate) fn unload(&self) -> bool {
        let unloaded = self.change(State::unload).unwrap_or(false);
        if let Some(registered) = self.registered.as_ref().filter(|_| unloaded) {
            registered.unloads.increment(Instant::now(), 1);
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
        let registered = self.registered.as_ref()?;
        registered.loaded.with(Instant::now(), |loaded| {
            let mut states = self.source.states();
            let state = states.get_mut(registered.number)?;
            let result = f(state);
            loaded.set(if state.loaded { 1.0 } else { 0.0 });
            self.source.show_count(&states);
            Some(result)
        })
    }

    fn with_state<T>(&self, f: impl FnOnce(&mut State) -> T) -> Option<T> {
        let number = self.registered.as_ref()?.number;
        self.source.states().get_mut(number).map(f)
    }

    fn version(&self, version: &str) -> Gauge {
        self.source.gauge(Metric::ModelInfo, &[&self.name, version])
    }

    fn show_max_concurrency(&self, max: usize) {
        self.source.gauge(Metric::MaxConcurrency, &[&self.name]).set(to_f64(max));
    }
}

impl Registration {
    fn new(source: &Arc<Source>, model: &Arc<str>) -> Self {
        Self {
            number: source.add_model(),
            loaded: Handle::new(source, model, Metric::ModelLoaded, None),
            load_duration: Handle::new(source, model, Metric::LoadDuration, None),
            loads: LoadStatus::EACH
                .map(|status| Handle::new(source, model, Metric::Loads, Some(status.as_str()))),
            unloads: Handle::new(source, model, Metric::Unloads, None),
        }
    }

    fn show(&self) {
        self.loaded.show();
        self.load_duration.show();
        self.loads.iter().for_each(Handle::show);
        self.unloads.show();
    }

    fn loads(&self, status: LoadStatus) -> &Handle<Counter> {
        let [success, error, cancelled] = &self.loads;
        match status {
            LoadStatus::Success => success,
            LoadStatus::Error => error,
            LoadStatus::Cancelled => cancelled,
        }
    }
}
