//! Recorders that know nothing of declarations.

use metrics::{KeyName, Recorder, SharedString};

use super::contract::Backend;
use super::error::DeclareError;
use super::forward::forward_recorder;
use crate::spec::{MetricKind, MetricSpec};

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

impl<R: Recorder> Recorder for Describing<R> {
    forward_recorder!(self, |f| call(&self.recorder, f));
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

fn call<T>(recorder: &dyn Recorder, f: impl FnOnce(&dyn Recorder) -> T) -> T {
    f(recorder)
}
