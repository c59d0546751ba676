//! What the text consists of.

use std::collections::BTreeMap;
use std::fmt;

/// Label names and values, sorted by name.
pub type Labels = BTreeMap<String, String>;

/// What a family measures, as its TYPE line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

impl Kind {
    /// The names that its samples have besides the family's own.
    pub(super) fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Histogram => &["_bucket", "_sum", "_count"],
            Self::Summary => &["_sum", "_count"],
            Self::Counter | Self::Gauge | Self::Untyped => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Untyped => "untyped",
        })
    }
}

/// One series and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) value: f64,
    pub(super) timestamp: Option<i64>,
}

impl Sample {
    /// Returns the number of its line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the name, which for histograms and summaries is longer than the family's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the labels.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Returns the value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }

    /// Returns the value.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns the timestamp in milliseconds since the Unix epoch, if it has one.
    pub fn timestamp(&self) -> Option<i64> {
        self.timestamp
    }
}

/// The series as the text writes it, without control characters.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let mut before = '{';
        for (name, value) in &self.labels {
            write!(f, "{before}{name}=\"{}\"", value.escape_debug())?;
            before = ',';
        }
        if self.labels.is_empty() { Ok(()) } else { f.write_str("}") }
    }
}

/// What the lines of a family do to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    SecondHelp,
    SecondType,
    HelpAfterSamples,
    TypeAfterSamples,
    /// Lines of another family stand between those of this one.
    Split,
}

/// All samples of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) help: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) samples: Vec<Sample>,
    pub(super) faults: Vec<(usize, Fault)>,
}

impl Family {
    pub(super) fn new(name: &str, line: usize) -> Self {
        let (help, kind, samples, faults) = (None, None, Vec::new(), Vec::new());
        Self { name: name.to_owned(), line, help, kind, samples, faults }
    }

    /// Returns the name of the metric.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of its first line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the text of the HELP line, if there is one.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Returns what the TYPE line says, if there is one.
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Returns the samples in the order of the text.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The faults of its layout, each with its line.
    pub(crate) fn faults(&self) -> &[(usize, Fault)] {
        &self.faults
    }

    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == Some(kind)
    }
}
