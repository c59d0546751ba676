//! Where the handles of a layer come from, and its clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata};
use quanta::Instant;

use super::settings::Settings;
use crate::backend::{Backend, DeclareError};
use crate::spec::MetricSpec;

const METADATA: Metadata<'static> =
    Metadata::new("tower_metrics", Level::INFO, Some("tower_metrics"));

/// A backend with the metrics that are recorded into it.
pub(crate) struct Source {
    backend: Arc<dyn Backend>,
    settings: Settings,
    declared: AtomicBool,
    epoch: Instant,
}

impl Source {
    pub(crate) fn new(backend: Arc<dyn Backend>, settings: Settings) -> Self {
        Self { backend, settings, declared: AtomicBool::new(false), epoch: Instant::now() }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The whole seconds between the making of this source and `now`.
    pub(crate) fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_secs()
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

    /// Whether there is a recorder; if it has just come, the metrics are declared to it.
    pub(crate) fn is_recording(&self) -> bool {
        let recording = self.backend.is_recording();
        if recording && let Err(error) = self.declare() {
            tracing::warn!(%error, "HTTP metrics are recorded without their declaration");
            self.declared.store(true, Ordering::Release);
        }
        recording
    }

    pub(crate) fn counter(&self, spec: &MetricSpec, values: &[&str]) -> Counter {
        self.backend.register_counter(&key(spec, values), &METADATA)
    }

    pub(crate) fn gauge(&self, spec: &MetricSpec, values: &[&str]) -> Gauge {
        self.backend.register_gauge(&key(spec, values), &METADATA)
    }

    pub(crate) fn histogram(&self, spec: &MetricSpec, values: &[&str]) -> Histogram {
        self.backend.register_histogram(&key(spec, values), &METADATA)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("settings", &self.settings).finish_non_exhaustive()
    }
}

fn key(spec: &MetricSpec, values: &[&str]) -> Key {
    let labels: Vec<Label> = spec
        .labels
        .iter()
        .zip(values)
        .map(|(name, value)| Label::new(name.clone(), (*value).to_owned()))
        .collect();
    Key::from_parts(spec.name.clone(), labels)
}
