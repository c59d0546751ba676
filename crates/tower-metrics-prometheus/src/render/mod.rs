//! Writes everything as one text, in a stable order.

mod idle;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tower_metrics_core::MetricKind;

use self::idle::Idle;
use crate::exposition;
use crate::registry::{Family, HistogramFamily, Registry};

/// Writes families by name, and within each the series by their labels.
#[derive(Debug)]
pub(crate) struct Renderer {
    idle: Option<Mutex<Idle>>,
    /// The families in which a series was found twice.
    reported: Mutex<HashSet<String>>,
}

/// A sample that comes as text.
#[derive(Clone, Copy, Debug)]
struct Sample<'a> {
    /// Name and labels.
    key: &'a str,
    value: &'a str,
    /// Whether a closure has read it just now.
    is_observed: bool,
}

impl Renderer {
    pub(crate) fn new(idle_timeout: Option<Duration>) -> Self {
        let idle = idle_timeout.map(|timeout| Mutex::new(Idle::new(timeout)));
        Self { idle, reported: Mutex::default() }
    }

    /// Writes what the registry holds, and what was `observed`: lines with samples. Of a series
    /// that comes twice, the first one holds, and those observed before those recorded.
    pub(crate) fn write(
        &self,
        registry: &Registry,
        observed: &str,
        output: &mut impl fmt::Write,
    ) -> fmt::Result {
        let recorded = registry.counters_and_gauges();
        let mut samples: HashMap<&str, Vec<Sample<'_>>> = HashMap::new();
        for (text, is_observed) in [(observed, true), (&recorded, false)] {
            for (name, sample) in text.lines().filter_map(|line| parse(line, is_observed)) {
                samples.entry(name).or_default().push(sample);
            }
        }
        let mut idle = self.idle.as_ref().map(lock);
        for family in registry.families() {
            if let Some(histogram) = family.metric.histogram() {
                write_histogram(&family, histogram, idle.as_deref_mut(), output)?;
            } else if let Some(mut samples) = samples.remove(family.name.as_str()) {
                self.order(&family.name, &mut samples);
                write_samples(&family, samples, idle.as_deref_mut(), output)?;
            }
        }
        Ok(())
    }

    /// Puts samples in order, each series once.
    fn order(&self, name: &str, samples: &mut Vec<Sample<'_>>) {
        let all = samples.len();
        samples.sort_by_key(|sample| sample.key);
        samples.dedup_by_key(|sample| sample.key);
        if samples.len() < all && lock(&self.reported).insert(name.to_owned()) {
            tracing::error!(name, "a series was observed twice; the first one is shown");
        }
    }
}

/// The name of the metric, and the sample, of a line that is one.
fn parse(line: &str, is_observed: bool) -> Option<(&str, Sample<'_>)> {
    let (key, value) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))?;
    let name = key.split('{').next()?;
    Some((name, Sample { key, value, is_observed }))
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
        samples.retain(|Sample { key, value, is_observed }| {
            // A gauge that is not at rest still says something: a request may take hours.
            let is_at_rest = kind != MetricKind::Gauge || matches!(*value, "0" | "-0");
            *is_observed || idle.is_fresh(key, value, now) || !is_at_rest
        });
    }
    if !samples.is_empty() {
        exposition::write_head(output, &family.name, &family.help, kind)?;
    }
    for Sample { key, value, .. } in samples {
        writeln!(output, "{key} {}", exposition::number(value))?;
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
        all.retain(|series| idle.is_fresh((&family.name, series.labels()), series.count(), now));
    }
    if !all.is_empty() {
        exposition::write_head(output, &family.name, &family.help, MetricKind::Histogram)?;
    }
    all.iter().try_for_each(|series| series.write(&family.name, output))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
