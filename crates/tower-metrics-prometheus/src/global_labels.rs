//! The labels that every series carries.

use std::borrow::Cow;

use metrics::{Key, Label};
use tower_metrics_core::{DeclareError, MetricSpec};

use crate::error::ExporterError;

/// The labels that every series carries, unless it has one of that name itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct GlobalLabels {
    labels: Vec<(String, String)>,
}

impl GlobalLabels {
    pub(crate) fn push(&mut self, name: String, value: String) {
        self.labels.push((name, value));
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|(name, _)| &**name)
    }

    /// Checks them by the rules for the labels of a metric.
    pub(crate) fn validate(&self) -> Result<(), ExporterError> {
        let names = self.names().map(str::to_owned);
        match MetricSpec::gauge("any").with_labels(names).validate() {
            Err(DeclareError::InvalidLabel { label, reason, .. }) => {
                Err(ExporterError::InvalidGlobalLabel { label, reason })
            }
            _ => Ok(()),
        }
    }

    /// Puts them in front of the labels of `key`.
    pub(crate) fn add_to<'k>(&self, key: &'k Key) -> Cow<'k, Key> {
        if self.labels.is_empty() {
            return Cow::Borrowed(key);
        }
        let own: Vec<(&str, &str)> =
            key.labels().map(|label| (label.key(), label.value())).collect();
        let labels: Vec<Label> = self
            .beside(&own)
            .chain(own.iter().copied())
            .map(|(name, value)| Label::new(name.to_owned(), value.to_owned()))
            .collect();
        Cow::Owned(Key::from_parts(key.name().to_owned(), labels))
    }

    /// Those that a series with the labels `own` takes over.
    pub(crate) fn beside<'a>(
        &'a self,
        own: &'a [(&str, &str)],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = self.labels.iter().map(|(name, value)| (&**name, &**value));
        all.filter(|(name, _)| !own.iter().any(|(own, _)| own == name))
    }
}
