//! Where the handles of a layer come from, and its clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::clock::Clock;
use super::settings::{ExtraLabel, Facts, Metric, Settings};
use crate::backend::Operation;
use crate::backend::{Backend, DeclareError};
use crate::labels::LabelLimit;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata};

const METADATA: Metadata<'static> =
    Metadata::new("tower_metrics", Level::INFO, Some("tower_metrics"));

/// A backend with the metrics that are recorded into it.
pub(crate) struct Source {
    backend: Arc<dyn Backend>,
    settings: Settings,
    endpoints: LabelLimit,
    /// As long as the settings' extra labels.
    labels: Vec<LabelLimit>,
    declared: AtomicBool,
    clock: Clock,
}

impl Source {
    pub(crate) fn new(backend: Arc<dyn Backend>, settings: Settings) -> Self {
        let limit = |label: &ExtraLabel| LabelLimit::new(label.max_values);
        Self {
            backend,
            endpoints: LabelLimit::new(settings.max_endpoints),
            labels: settings.extra_labels.iter().map(limit).collect(),
            settings,
            declared: AtomicBool::new(false),
            clock: Clock::new(),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    #[inline]
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Declares the metrics, once there is a recorder.
    pub(crate) fn declare(&self) -> Result<(), DeclareError> {
        if self.declared.load(Ordering::Acquire) {
            return Ok(());
        }
        self.backend.declare(&self.settings.specs())?;
        self.declared.store(self.backend.is_recording(), Ordering::Release);
        Ok(())
    }

    /// Declares the metrics, at once or as soon as there is a recorder.
    pub(crate) fn declare_or_warn(&self) {
        if let Err(error) = self.declare() {
            tracing::warn!(%error, "HTTP metrics are recorded without their declaration");
            self.declared.store(true, Ordering::Release);
        }
    }

    /// Whether there is a recorder; if it has just come, the metrics are declared to it.
    pub(crate) fn is_recording(&self) -> bool {
        let recording = self.backend.is_recording();
        if recording {
            self.declare_or_warn();
        }
        recording
    }

    /// Whether handles stay good for ever.
    pub(crate) fn keeps_handles(&self) -> bool {
        self.backend.keeps_handles()
    }

    /// Whether `endpoint` is kept, and not the overflow value to be used in its place.
    pub(crate) fn admits_endpoint(&self, endpoint: &str) -> bool {
        let admitted = self.endpoints.admit(endpoint).is_some();
        if !admitted {
            self.count_overflow(&self.settings.endpoint_name);
        }
        admitted
    }

    /// The value to use for `value` of the extra label `index`; `None` if there is no such label.
    pub(crate) fn admit_label(&self, index: usize, value: &str) -> Option<Arc<str>> {
        let (label, limit) = self.settings.extra_labels.get(index).zip(self.labels.get(index))?;
        Some(limit.admit(value).unwrap_or_else(|| {
            self.count_overflow(&label.name);
            LabelLimit::OVERFLOW.into()
        }))
    }

    fn count_overflow(&self, label: &str) {
        if let Some(metric) = &self.settings.label_overflow {
            let facts =
                Facts { method: "", endpoint: "", ending: None, extra: &[], overflown: label };
            self.counter(metric, &facts).increment(1);
        }
    }

    /// A handle that records the end of a request at once, if the backend has such, and a request is
    /// counted out where it is recorded.
    pub(crate) fn operation(&self, facts: &Facts<'_>) -> Option<Histogram> {
        let Settings { in_flight, requests, duration, .. } = &self.settings;
        let in_flight = in_flight.as_ref().filter(|metric| metric.is_by_method_alone())?;
        let (total, duration) = (requests.as_ref()?, duration.as_ref()?);
        let [in_flight, total, duration] =
            [in_flight, total, duration].map(|metric| key(metric, facts));
        let operation = Operation::new(&in_flight, &total, &duration);
        self.backend.register_operation(&operation, &METADATA)
    }

    pub(crate) fn counter(&self, metric: &Metric, facts: &Facts<'_>) -> Counter {
        self.backend.register_counter(&key(metric, facts), &METADATA)
    }

    pub(crate) fn gauge(&self, metric: &Metric, facts: &Facts<'_>) -> Gauge {
        self.backend.register_own_gauge(&key(metric, facts), &METADATA)
    }

    pub(crate) fn histogram(&self, metric: &Metric, facts: &Facts<'_>) -> Histogram {
        self.backend.register_histogram(&key(metric, facts), &METADATA)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn key(metric: &Metric, facts: &Facts<'_>) -> Key {
    let names = metric.spec.labels.iter().cloned();
    let labels: Vec<Label> = names
        .zip(metric.label_values(facts))
        .map(|(name, value)| Label::new(name, value))
        .collect();
    Key::from_parts(metric.spec.name.clone(), labels)
}
