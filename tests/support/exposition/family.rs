//! What the text consists of.

use std::collections::BTreeMap;

/// Label names and values, sorted by name.
pub type Labels = BTreeMap<String, String>;

/// What a family measures, as its TYPE line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
    /// Has quantiles that were computed where they were observed.
    Summary,
    /// Says nothing about itself.
    Untyped,
}

/// One series and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) value: f64,
}

impl Sample {
    /// Returns the name, which for histograms and summaries is longer than the family's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the labels.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Returns the value.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The name and the labels as the text has them, for messages.
    pub(super) fn series(&self) -> String {
        let labels: Vec<String> =
            self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        if labels.is_empty() {
            self.name.clone()
        } else {
            format!("{}{{{}}}", self.name, labels.join(","))
        }
    }
}

/// All samples of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    pub(super) name: String,
    pub(super) help: Option<String>,
    pub(super) kind: Kind,
    pub(super) samples: Vec<Sample>,
}

impl Family {
    /// Returns the name of the metric.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text of the HELP line, if there is one.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Returns what the TYPE line says.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the samples in the order of the text.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}
