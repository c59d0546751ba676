//! What was declared and observed, and who waits, before there was a backend.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::closure::ObserveFn;
use super::observation::Observation;

use crate::backend::Backend;
use crate::spec::MetricSpec;

/// The declarations and observations that wait for a backend to be installed.
#[derive(Default)]
pub(crate) struct Pending {
    declared: Mutex<Vec<MetricSpec>>,
    waiting: Mutex<Vec<Arc<Waiting>>>,
    calls: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
}

/// An observation; kept by the handle, and until there is a backend by the list.
struct Waiting {
    specs: Vec<MetricSpec>,
    observe: ObserveFn,
    state: Mutex<State>,
}

enum State {
    Waiting,
    Made(Observation),
    Ended,
}

impl Pending {
    pub(crate) const fn new() -> Self {
        Self {
            declared: Mutex::new(Vec::new()),
            waiting: Mutex::new(Vec::new()),
            calls: Mutex::new(Vec::new()),
        }
    }

    /// Puts declarations on the list, each once, unless there is a backend by now.
    pub(crate) fn declare<B>(
        &self,
        backend: impl FnOnce() -> Option<B>,
        specs: &[MetricSpec],
    ) -> Option<B> {
        // Whoever installs a backend takes the list afterwards, so nothing is left behind on it.
        let mut list = lock(&self.declared);
        let backend = backend();
        if backend.is_none() {
            for spec in specs {
                if !list.contains(spec) {
                    list.push(spec.clone());
                }
            }
        }
        backend
    }

    /// Puts an observation on the list, unless there is a backend by now.
    pub(crate) fn add<B>(
        &'static self,
        backend: impl FnOnce() -> Option<B>,
        specs: &[MetricSpec],
        observe: &ObserveFn,
    ) -> Result<Observation, B> {
        let mut list = lock(&self.waiting);
        if let Some(backend) = backend() {
            return Err(backend);
        }
        let waiting = Arc::new(Waiting {
            specs: specs.to_vec(),
            observe: observe.clone(),
            state: Mutex::new(State::Waiting),
        });
        list.push(Arc::clone(&waiting));
        Ok(Observation::new(move || {
            lock(&self.waiting).retain(|other| !Arc::ptr_eq(other, &waiting));
            waiting.end();
        }))
    }

    /// Puts a call on the list; gives it back if there is a backend by now.
    pub(crate) fn call<B>(
        &self,
        backend: impl FnOnce() -> Option<B>,
        f: Box<dyn FnOnce() + Send>,
    ) -> Result<(), Box<dyn FnOnce() + Send>> {
        let mut list = lock(&self.calls);
        if backend().is_some() {
            return Err(f);
        }
        list.push(f);
        Ok(())
    }

    /// Hands everything on the list to the backend that was installed.
    pub(crate) fn hand_over(&self, backend: &dyn Backend) {
        // No list stays locked while the backend works through it, and logs.
        let declared = std::mem::take(&mut *lock(&self.declared));
        for spec in declared {
            if let Err(error) = backend.declare(&[spec]) {
                tracing::warn!(%error, "a declaration from before the exporter does not hold");
            }
        }
        let list = std::mem::take(&mut *lock(&self.waiting));
        for waiting in list {
            match backend.observe(&waiting.specs, waiting.observe.clone()) {
                Ok(observation) => waiting.made(observation),
                Err(error) => tracing::warn!(%error, "a metric cannot be observed"),
            }
        }
        let calls = std::mem::take(&mut *lock(&self.calls));
        for call in calls {
            call();
        }
    }
}

impl Waiting {
    fn made(&self, observation: Observation) {
        let mut state = lock(&self.state);
        if matches!(*state, State::Waiting) {
            *state = State::Made(observation);
        }
    }

    fn end(&self) {
        // What is dropped with it may be anything, so not under the lock.
        let state = std::mem::replace(&mut *lock(&self.state), State::Ended);
        drop(state);
    }
}

/// The last handle went away without ending the observation: it was detached.
impl Drop for Waiting {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Made(observation) = std::mem::replace(state, State::Ended) {
            observation.detach();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
