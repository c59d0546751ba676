//! What an exporter holds: every metric by its name, with its series.
//!
//! A metric is looked up by name when its handle is registered, which costs nothing later. The
//! registry of `metrics-exporter-prometheus` would fix all buckets when it is made, lose samples
//! ([`histogram`]), and count everything twice, by atomic operations ([`cells`]); names are sanitised
//! by its rules.

mod by_labels;
mod cells;
mod counter;
mod gauge;
mod histogram;
mod labels;
mod metric;
mod operation;
mod recorder;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use metrics::Key;
use tower_metrics_core::{Buckets, DeclareError, MetricKind, MetricSpec};

pub(crate) use self::histogram::HistogramFamily;
use self::metric::{Common, Metric, Metrics, colliding, shown};
pub(crate) use self::metric::{Scalar, Series};
use crate::global_labels::GlobalLabels;

/// All metrics of an exporter.
pub(crate) struct Registry {
    common: Common,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    metrics: Metrics,
    /// What was described, whether it is recorded or not.
    help: HashMap<String, String>,
}

/// A metric, as it is to be rendered.
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) metric: Arc<Metric>,
}

impl Registry {
    pub(crate) fn new(default_buckets: Buckets, global_labels: GlobalLabels) -> Self {
        let common = Common { cells: Arc::default(), default_buckets, global_labels };
        Self { common, state: RwLock::default() }
    }

    /// Declares metrics, all or none; those declared alike before stay as they are.
    pub(crate) fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        specs.iter().try_for_each(MetricSpec::validate)?;
        let mut state = self.write();
        // Apart from the others until it is clear that all can be added.
        let mut new = Metrics::new();
        for spec in specs {
            let (name, kind) = (spec.name(), spec.kind());
            match new.get(name).or_else(|| state.metrics.get(name)).map(|metric| metric.spec()) {
                Some(Some(earlier)) => {
                    same(earlier, spec)?;
                    continue;
                }
                Some(None) => return Err(DeclareError::AlreadyRecorded { name: name.to_owned() }),
                None => {}
            }
            let other =
                colliding(&new, name, kind).or_else(|| colliding(&state.metrics, name, kind));
            if let Some((with, _)) = other {
                let (name, with) = (name.to_owned(), with.clone());
                return Err(DeclareError::Collision { name, with });
            }
            let metric = Metric::declared(spec.clone(), &self.common);
            new.insert(name.to_owned(), Arc::new(metric));
        }
        state.metrics.extend(new);
        Ok(())
    }

    /// Describes a metric, unless its declaration or somebody else has done so.
    fn describe(&self, name: &str, help: &str) {
        let name = shown(name);
        if !self.read().help.contains_key(&*name) {
            self.write().help.entry(name.into_owned()).or_insert_with(|| help.to_owned());
        }
    }

    /// Calls `f` with the metric of `key`, which is made if need be, and the key by which the
    /// series is known; `None`, once logged, if it would be taken for another metric's.
    fn with_metric<T>(
        &self,
        key: &Key,
        kind: MetricKind,
        f: impl FnOnce(&Metric, &Key) -> T,
    ) -> Option<T> {
        let name = shown(key.name());
        let known = self.read().metrics.get(&*name).cloned();
        let metric = known.or_else(|| self.add(&name, key.name(), kind))?;
        let key = self.common.global_labels.add_to(key);
        let key = metric.accept(&key, kind)?;
        Some(f(&metric, &key))
    }

    /// Adds a metric that nobody declared, or finds it if somebody was faster.
    fn add(&self, name: &str, written: &str, kind: MetricKind) -> Option<Arc<Metric>> {
        // There is no way to write it.
        if name.is_empty() {
            return None;
        }
        let mut state = self.write();
        if let Some(metric) = state.metrics.get(name) {
            return Some(Arc::clone(metric));
        }
        let other = colliding(&state.metrics, name, kind).map(|(_, metric)| Arc::clone(metric));
        if let Some(other) = other {
            // Who logs may count what is logged, here.
            drop(state);
            other.refuse(written);
            return None;
        }
        let metric = Arc::new(Metric::undeclared(written, kind, &self.common));
        state.metrics.insert(name.to_owned(), Arc::clone(&metric));
        Some(metric)
    }

    /// All metrics, by name; those without a sample too.
    pub(crate) fn families(&self) -> Vec<Family> {
        let state = self.read();
        let family = |(name, metric): (&String, &Arc<Metric>)| {
            let declared = metric.spec().map(MetricSpec::help).filter(|help| !help.is_empty());
            let help = declared.or_else(|| state.help.get(name).map(String::as_str));
            Family {
                name: name.clone(),
                help: help.unwrap_or_default().to_owned(),
                metric: Arc::clone(metric),
            }
        };
        let mut families: Vec<Family> = state.metrics.iter().map(family).collect();
        families.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        families
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
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

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
