//! Where metrics go: a recorder that also takes declarations.

use std::fmt;
use std::sync::{Arc, OnceLock};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::observe::{Observation, ObserveFn, Pending};
use crate::spec::{MetricKind, MetricSpec};

/// A [`metrics::Recorder`] that also takes declarations of metrics, and closures that are read
/// when it is.
///
/// `tower-metrics-prometheus` implements it for its exporter. Any other recorder becomes one in
/// [`Describing`], which turns a declaration into descriptions.
pub trait Backend: Recorder + Send + Sync + 'static {
    /// Declares metrics, so that help texts and buckets are in place before the first sample.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if a specification is invalid, or clashes with what was declared or
    /// recorded under its name before. Then none of `specs` is declared.
    fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError>;

    /// Whether handles registered now record anything. Handles registered while this is `false`
    /// are asked for again later. Defaults to `true`.
    fn is_recording(&self) -> bool {
        true
    }

    /// Whether handles record for as long as the backend lives, so that those of a series need no
    /// second look-up. Defaults to `false`: an exporter may forget series that lie unused.
    fn keeps_handles(&self) -> bool {
        false
    }

    /// Calls `f` once handles record something: at once, or as soon as a backend is installed.
    ///
    /// For series that are there before anything is recorded into them. Nobody says when a foreign
    /// recorder is installed, so then `f` may never be called. Defaults to at once.
    fn when_recording(&self, f: Box<dyn FnOnce() + Send>) {
        f();
    }

    /// Declares metrics whose values `observe` reads, each time the metrics are rendered, and at no
    /// other time; see [`observe`](crate::observe). Dropping the handle ends it.
    ///
    /// Several observations may fill one metric, each its own series. If `observe` panics, its
    /// samples are missing from that rendering, and nothing else is.
    ///
    /// A recorder that does not tell when it is read cannot call anybody: by default the metrics
    /// are declared, `observe` is never called, and the handle does nothing.
    ///
    /// # Errors
    ///
    /// [`DeclareError`] as for [`declare`](Self::declare), or if one of `specs` is a histogram's.
    fn observe(
        &self,
        specs: &[MetricSpec],
        observe: ObserveFn,
    ) -> Result<Observation, DeclareError> {
        observable(specs)?;
        self.declare(specs)?;
        drop(observe);
        Ok(Observation::never())
    }
}

/// Checks that every metric of `specs` is a gauge or a counter. For backends.
///
/// # Errors
///
/// [`DeclareError::WrongKind`] if one is a histogram.
pub fn observable(specs: &[MetricSpec]) -> Result<(), DeclareError> {
    match specs.iter().find(|spec| spec.kind == MetricKind::Histogram) {
        Some(spec) => Err(DeclareError::WrongKind { name: spec.name.to_string(), kind: spec.kind }),
        None => Ok(()),
    }
}

/// Why a metric could not be declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeclareError {
    /// The name does not match `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    InvalidName {
        /// The metric's name.
        name: String,
    },
    /// A label's name is invalid, reserved or repeated.
    InvalidLabel {
        /// The metric's name.
        name: String,
        /// The label's name.
        label: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The name was declared before with another kind, help, unit, label set or bucket list.
    Conflict {
        /// The metric's name.
        name: String,
        /// The first thing in which the two declarations differ.
        differs_in: &'static str,
    },
    /// The name was recorded before it was declared, so it has default buckets already.
    AlreadyRecorded {
        /// The metric's name.
        name: String,
    },
    /// One of the two is a histogram, and the other has the name of one of its series: the name of
    /// the histogram with `_bucket`, `_sum` or `_count` behind it.
    Collision {
        /// The metric's name.
        name: String,
        /// The name that was there before.
        with: String,
    },
    /// A metric of this kind cannot be observed in this way.
    WrongKind {
        /// The metric's name.
        name: String,
        /// What it is.
        kind: MetricKind,
    },
}

impl DeclareError {
    /// The name of the metric that could not be declared.
    pub fn metric(&self) -> &str {
        match self {
            Self::InvalidName { name }
            | Self::InvalidLabel { name, .. }
            | Self::Conflict { name, .. }
            | Self::AlreadyRecorded { name }
            | Self::Collision { name, .. }
            | Self::WrongKind { name, .. } => name,
        }
    }
}

impl fmt::Display for DeclareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName { name } => {
                write!(f, "metric name {name:?} must match [a-zA-Z_:][a-zA-Z0-9_:]*")
            }
            Self::InvalidLabel { name, label, reason } => {
                write!(f, "label {label:?} of metric {name:?} is not usable: {reason}")
            }
            Self::Conflict { name, differs_in } => write!(
                f,
                "metric {name:?} is declared already, with another {differs_in}; declare both alike, \
                 or rename one of the two"
            ),
            Self::AlreadyRecorded { name } => write!(
                f,
                "metric {name:?} was recorded before it was declared; declare it before its first use"
            ),
            Self::Collision { name, with } => write!(
                f,
                "metric {name:?} collides with {with:?}: one is a histogram, whose `_bucket`, \
                 `_sum` and `_count` are taken; rename one of the two"
            ),
            Self::WrongKind { name, kind } => {
                write!(f, "metric {name:?} is a {kind}, which cannot be observed in this way")
            }
        }
    }
}

impl std::error::Error for DeclareError {}

/// Makes any [`metrics::Recorder`] a [`Backend`]: a declaration becomes a description.
///
/// Buckets are then up to that recorder's own configuration.
#[derive(Clone, Debug)]
pub struct Describing<R> {
    recorder: R,
}

impl<R> Describing<R> {
    /// Wraps `recorder`.
    pub fn new(recorder: R) -> Self {
        Self { recorder }
    }
}

impl<R: Recorder + Send + Sync + 'static> Backend for Describing<R> {
    fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        specs.iter().try_for_each(MetricSpec::validate)?;
        describe(&self.recorder, specs);
        Ok(())
    }
}

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

    /// Before a backend is installed, the call waits for it.
    fn when_recording(&self, f: Box<dyn FnOnce() + Send>) {
        if self.is_recording() {
            return f();
        }
        if let Err(f) = PENDING.call(|| INSTALLED.get(), f) {
            f();
        }
    }

    /// Before a backend is installed, the observation waits for it.
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

/// Describes every metric of `specs` that has a help text to `recorder`.
pub fn describe(recorder: &dyn Recorder, specs: &[MetricSpec]) {
    for spec in specs {
        let name = KeyName::from(spec.name.clone());
        let help = SharedString::from(spec.help.clone());
        match spec.kind {
            MetricKind::Counter => recorder.describe_counter(name, spec.unit, help),
            MetricKind::Gauge => recorder.describe_gauge(name, spec.unit, help),
            MetricKind::Histogram => recorder.describe_histogram(name, spec.unit, help),
        }
    }
}

macro_rules! forward_recorder {
    ($self:ident, $with:expr) => {
        fn describe_counter(&$self, key: KeyName, unit: Option<Unit>, help: SharedString) {
            $with(|recorder: &dyn Recorder| recorder.describe_counter(key, unit, help));
        }

        fn describe_gauge(&$self, key: KeyName, unit: Option<Unit>, help: SharedString) {
            $with(|recorder: &dyn Recorder| recorder.describe_gauge(key, unit, help));
        }

        fn describe_histogram(&$self, key: KeyName, unit: Option<Unit>, help: SharedString) {
            $with(|recorder: &dyn Recorder| recorder.describe_histogram(key, unit, help));
        }

        fn register_counter(&$self, key: &Key, metadata: &Metadata<'_>) -> Counter {
            $with(|recorder: &dyn Recorder| recorder.register_counter(key, metadata))
        }

        fn register_gauge(&$self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
            $with(|recorder: &dyn Recorder| recorder.register_gauge(key, metadata))
        }

        fn register_histogram(&$self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
            $with(|recorder: &dyn Recorder| recorder.register_histogram(key, metadata))
        }
    };
}

impl Recorder for Global {
    forward_recorder!(self, Self::with);
}

impl<R: Recorder> Recorder for Describing<R> {
    forward_recorder!(self, |f| call(&self.recorder, f));
}

fn call<T>(recorder: &dyn Recorder, f: impl FnOnce(&dyn Recorder) -> T) -> T {
    f(recorder)
}
