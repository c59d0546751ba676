//! The backend of the process.

use std::sync::{Arc, OnceLock};

use metrics::{Gauge, Histogram, Key, Metadata, Recorder};

use super::contract::{Backend, Operation, observable};
use super::describing::describe;
use super::error::DeclareError;
use super::forward::forward_recorder;
use crate::observe::{Observation, ObserveFn, Pending};
use crate::spec::MetricSpec;

/// The process-wide backend: what was made global, else the global [`metrics`] recorder.
///
/// It is looked up at each call, so whoever holds a `Global` may be built before the recorder is
/// installed.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Global;

static INSTALLED: OnceLock<Arc<dyn Backend>> = OnceLock::new();
static PENDING: Pending = Pending::new();

impl Global {
    /// Makes `backend` the one that [`Global`] stands for; `false` if there was one before.
    ///
    /// For exporters, next to `metrics::set_global_recorder`.
    pub fn install(backend: Arc<dyn Backend>) -> bool {
        let is_first = INSTALLED.set(backend).is_ok();
        if let (true, Some(backend)) = (is_first, INSTALLED.get()) {
            PENDING.hand_over(&**backend);
        }
        is_first
    }

    /// Whether a backend was installed.
    pub fn is_installed() -> bool {
        INSTALLED.get().is_some()
    }

    fn with<T>(f: impl FnOnce(&dyn Recorder) -> T) -> T {
        match INSTALLED.get() {
            Some(backend) => f(backend),
            None => metrics::with_recorder(f),
        }
    }
}

impl Backend for Global {
    /// Before a backend is installed, the declaration waits for it.
    fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        specs.iter().try_for_each(MetricSpec::validate)?;
        if let Some(backend) = PENDING.declare(|| INSTALLED.get(), specs) {
            return backend.declare(specs);
        }
        metrics::with_recorder(|recorder| describe(recorder, specs));
        Ok(())
    }

    fn is_recording(&self) -> bool {
        // The facade hands out its `NoopRecorder`, a type without fields, until one is installed.
        INSTALLED.get().is_some() || metrics::with_recorder(|r| size_of_val(r) != 0)
    }

    fn keeps_handles(&self) -> bool {
        INSTALLED.get().is_some_and(|backend| backend.keeps_handles())
    }

    fn register_operation(
        &self,
        operation: &Operation<'_>,
        metadata: &Metadata<'_>,
    ) -> Option<Histogram> {
        INSTALLED.get()?.register_operation(operation, metadata)
    }

    fn register_own_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        match INSTALLED.get() {
            Some(backend) => backend.register_own_gauge(key, metadata),
            None => self.register_gauge(key, metadata),
        }
    }

    /// Before a backend is installed, the call waits for it.
    fn when_recording(&self, f: Box<dyn FnOnce() + Send>) {
        if self.is_recording() {
            return f();
        }
        if let Err(f) = PENDING.call(|| INSTALLED.get(), f) {
            f();
        }
    }

    /// Before a backend is installed, the observation waits for it; what that one refuses then is
    /// logged.
    fn observe(
        &self,
        specs: &[MetricSpec],
        observe: ObserveFn,
    ) -> Result<Observation, DeclareError> {
        observable(specs)?;
        self.declare(specs)?;
        PENDING
            .add(|| INSTALLED.get(), specs, &observe)
            .or_else(|backend| backend.observe(specs, observe))
    }
}

impl Recorder for Global {
    forward_recorder!(self, Self::with);
}
