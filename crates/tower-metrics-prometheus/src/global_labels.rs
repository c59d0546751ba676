//! The labels that every series carries.

use metrics_exporter_prometheus::PrometheusBuilder;
use tower_metrics_core::{DeclareError, MetricSpec};

use crate::error::ExporterError;
use crate::exposition;

/// The labels that every series carries, unless it has one of that name itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct GlobalLabels {
    labels: Vec<(String, String)>,
}

impl GlobalLabels {
    pub(crate) fn push(&mut self, name: String, value: String) {
        self.labels.push((name, value));
    }

    /// Checks them by the rules for the labels of a metric.
    pub(crate) fn validate(&self) -> Result<(), ExporterError> {
        let names = self.labels.iter().map(|(name, _)| name.clone());
        match MetricSpec::gauge("any").with_labels(names).validate() {
            Err(DeclareError::InvalidLabel { label, reason, .. }) => {
                Err(ExporterError::InvalidGlobalLabel { label, reason })
            }
            _ => Ok(()),
        }
    }

    /// Adds them to whatever an exporter of the crate below shows.
    pub(crate) fn add_to(&self, builder: PrometheusBuilder) -> PrometheusBuilder {
        self.labels.iter().fold(builder, |builder, (name, value)| {
            builder.add_global_label(name, exposition::doubled_backslashes(value))
        })
    }

    /// Those that a series with `labels` takes over.
    pub(crate) fn beside<'a>(
        &'a self,
        labels: &'a [(&str, &str)],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_free = |name: &str| !labels.iter().any(|(own, _)| *own == name);
        let all = self.labels.iter().map(|(name, value)| (&**name, &**value));
        all.filter(move |(name, _)| is_free(name))
    }
}
