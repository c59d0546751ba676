//! Writes everything as one text, in a stable order.

mod idle;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tower_metrics_core::MetricKind;

use self::idle::Idle;
use crate::exposition;
use crate::observations::Observed;
use crate::registry::{Family, HistogramFamily, Registry, Scalar, Series};

/// Writes families by name, and within each the series by their labels.
#[derive(Debug)]
pub(crate) struct Renderer {
    idle: Option<Mutex<Idle>>,
    /// The families in which a series was found twice.
    reported: Mutex<HashSet<String>>,
}

/// A sample of a counter or a gauge.
#[derive(Debug)]
struct Sample<'a> {
    labels: &'a str,
    value: Cow<'a, str>,
    /// Whether a closure has read it just now.
    is_observed: bool,
}

impl Renderer {
    pub(crate) fn new(idle_timeout: Option<Duration>) -> Self {
        let idle = idle_timeout.map(|timeout| Mutex::new(Idle::new(timeout)));
        Self { idle, reported: Mutex::default() }
    }

    /// Writes what the registry holds, and what was `observed`. Of a series that comes twice, the
    /// first one holds, and those observed before those recorded.
    pub(crate) fn write(
        &self,
        registry: &Registry,
        observed: &[Observed],
        output: &mut impl fmt::Write,
    ) -> fmt::Result {
        let mut observed = by_name(observed);
        let mut idle = self.idle.as_ref().map(lock);
        for family in registry.families() {
            let recorded = match family.metric.series() {
                Series::Histogram(histogram) => {
                    write_histogram(&family, histogram, idle.as_deref_mut(), output)?;
                    continue;
                }
                Series::Counter(counter) => counter.values(),
                Series::Gauge(gauge) => gauge.values(),
            };
            let mut samples = observed.remove(&*family.name).unwrap_or_default();
            let has_observed = !samples.is_empty();
            samples.extend(recorded.iter().map(Sample::recorded));
            if has_observed {
                self.order(&family.name, &mut samples);
            }
            write_samples(&family, samples, idle.as_deref_mut(), output)?;
        }
        Ok(())
    }

    /// Puts samples in order, each series once.
    fn order(&self, name: &str, samples: &mut Vec<Sample<'_>>) {
        let all = samples.len();
        samples.sort_by(|one, other| one.labels.cmp(other.labels));
        samples.dedup_by(|one, other| one.labels == other.labels);
        if samples.len() < all && lock(&self.reported).insert(name.to_owned()) {
            tracing::error!(name, "a series was observed twice; the first one is shown");
        }
    }
}

impl<'a> Sample<'a> {
    fn recorded((labels, value): &'a Scalar) -> Self {
        Self { labels, value: Cow::Borrowed(value), is_observed: false }
    }

    fn observed(Observed { labels, value, .. }: &'a Observed) -> Self {
        Self { labels, value: Cow::Owned(value.to_string()), is_observed: true }
    }
}

fn by_name(observed: &[Observed]) -> HashMap<&str, Vec<Sample<'_>>> {
    let mut samples: HashMap<&str, Vec<Sample<'_>>> = HashMap::new();
    for sample in observed {
        samples.entry(&*sample.metric).or_default().push(Sample::observed(sample));
    }
    samples
}

fn write_samples(
    family: &Family,
    mut samples: Vec<Sample<'_>>,
    idle: Option<&mut Idle>,
    output: &mut impl fmt::Write,
) -> fmt::Result {
    let kind = family.metric.kind();
    if let Some(idle) = idle {
        let now = Instant::now();
        samples.retain(|Sample { labels, value, is_observed }| {
            // A gauge that is not at rest still says something: a request may take hours.
            let is_at_rest = kind != MetricKind::Gauge || matches!(&**value, "0" | "-0");
            *is_observed || idle.is_fresh((&family.name, labels), value, now) || !is_at_rest
        });
    }
    if !samples.is_empty() {
        exposition::write_head(output, &family.name, &family.help, kind)?;
    }
    for Sample { labels, value, .. } in samples {
        exposition::write_sample(output, (&family.name, ""), labels, &value)?;
    }
    Ok(())
}

fn write_histogram(
    family: &Family,
    histogram: &HistogramFamily,
    idle: Option<&mut Idle>,
    output: &mut impl fmt::Write,
) -> fmt::Result {
    let mut all = histogram.series();
    if let Some(idle) = idle {
        let now = Instant::now();
        all.retain(|(labels, series)| idle.is_fresh((&family.name, labels), series.count(), now));
    }
    if !all.is_empty() {
        exposition::write_head(output, &family.name, &family.help, MetricKind::Histogram)?;
    }
    all.iter().try_for_each(|(labels, series)| series.write(&family.name, labels, output))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
