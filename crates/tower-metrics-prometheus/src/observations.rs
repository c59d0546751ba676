//! The closures that are read when the exporter is.

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tower_metrics_core::observe::{ObserveFn, Sample};
use tower_metrics_core::{DeclareError, MetricKind, MetricSpec, Observation, Observer};

use crate::exposition;
use crate::global_labels::GlobalLabels;
use crate::report::{Reports, Trouble};

/// The name of a metric, and the labels of one of its series in order.
type SeriesKey = (String, Vec<(String, String)>);

/// All closures of an exporter.
///
/// No lock is held while one runs: it may record, declare, observe, render, or end an observation.
pub(crate) struct Observations {
    global_labels: GlobalLabels,
    entries: Mutex<Vec<Arc<Entry>>>,
}

struct Entry {
    specs: Vec<MetricSpec>,
    /// Those of its series that are known before it is called.
    series: Vec<SeriesKey>,
    observe: ObserveFn,
    reports: Reports,
}

/// What a closure has read: a value of one series.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) metric: String,
    /// As they are shown.
    pub(crate) labels: String,
    pub(crate) value: f64,
}

impl Observations {
    pub(crate) fn new(global_labels: GlobalLabels) -> Arc<Self> {
        Arc::new(Self { global_labels, entries: Mutex::default() })
    }

    pub(crate) fn add(
        self: &Arc<Self>,
        specs: &[MetricSpec],
        observe: ObserveFn,
    ) -> Result<Observation, DeclareError> {
        let (series, reports) = (known_series(specs, &observe), Reports::default());
        let mut entries = self.lock();
        let mut others = entries.iter().flat_map(|other| &other.series);
        if let Some((name, _)) = others.find(|other| series.contains(other)) {
            return Err(DeclareError::AlreadyObserved { name: name.clone() });
        }
        let entry = Arc::new(Entry { specs: specs.to_vec(), series, observe, reports });
        entries.push(Arc::clone(&entry));
        let list = Arc::downgrade(self);
        Ok(Observation::new(move || {
            if let Some(list) = list.upgrade() {
                list.lock().retain(|other| !Arc::ptr_eq(other, &entry));
            }
        }))
    }

    /// Calls every closure, and returns what they read. Calls none if one of them asks for it.
    pub(crate) fn read(&self) -> Vec<Observed> {
        let mut observed = Vec::new();
        if self.is_running_here() {
            return observed;
        }
        let _running = Running::enter(self.id());
        let entries = self.lock().clone();
        for entry in entries {
            entry.read(&self.global_labels, &mut observed);
        }
        observed
    }

    /// Whether this is called by one of the closures.
    pub(crate) fn is_running_here(&self) -> bool {
        RUNNING.with_borrow(|running| running.contains(&self.id()))
    }

    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn read(&self, global_labels: &GlobalLabels, observed: &mut Vec<Observed>) {
        let before = observed.len();
        let read = catch_unwind(AssertUnwindSafe(|| {
            self.observe.call(&mut Observer::new(&mut |sample| match self
                .check(global_labels, sample)
            {
                Ok(sample) => observed.push(sample),
                Err(problem) => self.report(Trouble::Sample, sample.metric(), problem),
            }));
        }));
        if read.is_err() {
            // Half a snapshot would mislead.
            observed.truncate(before);
            let name = self.specs.first().map_or("", MetricSpec::name);
            self.report(Trouble::Panic, name, "the closure panicked");
        }
    }

    /// Takes a sample that is what was declared.
    fn check(
        &self,
        global_labels: &GlobalLabels,
        sample: Sample<'_>,
    ) -> Result<Observed, &'static str> {
        let value = sample.value();
        if value.is_nan() {
            return Err("NaN is no value");
        }
        if sample.kind() == MetricKind::Counter && (value.is_infinite() || value < 0.0) {
            return Err("a total is neither negative nor infinite");
        }
        let spec = self.specs.iter().find(|spec| spec.name() == sample.metric());
        let spec = spec.ok_or("the metric was not declared with the closure")?;
        if spec.kind() != sample.kind() {
            return Err("the metric was declared as one of another kind");
        }
        let labels = sample.labels();
        let value_of = |name| labels.iter().find(|(given, _)| *given == name);
        if labels.len() != spec.labels().count() || !spec.labels().all(|n| value_of(n).is_some()) {
            return Err("the labels are not those that were declared");
        }
        let own = spec.labels().filter_map(value_of).copied();
        let mut shown = String::new();
        exposition::push_labels(&mut shown, global_labels.beside(labels).chain(own));
        Ok(Observed { metric: spec.name().to_owned(), labels: shown, value })
    }

    fn report(&self, trouble: Trouble, metric: &str, problem: &str) {
        if self.reports.is_first(trouble) {
            tracing::error!(metric, "an observed value is left out, now and later: {problem}");
        }
    }
}

/// The series that a closure gives for sure: that of a metric without labels, and the one it says.
fn known_series(specs: &[MetricSpec], observe: &ObserveFn) -> Vec<SeriesKey> {
    let mut labels = observe.labels().map(<[_]>::to_vec).unwrap_or_default();
    labels.sort();
    let known = specs.iter().filter(|spec| spec.labels().count() == labels.len());
    known.map(|spec| (spec.name().to_owned(), labels.clone())).collect()
}

thread_local! {
    /// The exporters whose closures this thread is running, for one may render another.
    static RUNNING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

struct Running;

impl Running {
    fn enter(id: usize) -> Self {
        RUNNING.with_borrow_mut(|running| running.push(id));
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.with_borrow_mut(Vec::pop);
    }
}

impl fmt::Debug for Observations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observations").finish_non_exhaustive()
    }
}
