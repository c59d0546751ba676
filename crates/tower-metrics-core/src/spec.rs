//! What a metric is: its name, kind, unit, help, labels and buckets.

use std::borrow::Cow;
use std::fmt;

use metrics::Unit;

use crate::Buckets;
use crate::backend::DeclareError;

/// The kind of a metric, as Prometheus' `# TYPE` line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricKind {
    /// A value that only goes up.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// A distribution of values over buckets.
    Histogram,
}

impl fmt::Display for MetricKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

/// The declaration of a metric by its owner: whoever records it.
///
/// ```
/// use tower_metrics_core::{Buckets, MetricSpec};
///
/// let spec = MetricSpec::histogram("queue_duration_seconds", Buckets::light())
///     .with_help("Time a job waited.")
///     .with_labels(["queue"]);
/// assert_eq!(spec.name(), "queue_duration_seconds");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a specification does nothing until it is declared"]
pub struct MetricSpec {
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: MetricKind,
    pub(crate) unit: Option<Unit>,
    pub(crate) help: Cow<'static, str>,
    pub(crate) labels: Cow<'static, [Cow<'static, str>]>,
    pub(crate) buckets: Option<Buckets>,
}

impl MetricSpec {
    /// Specifies a counter. By convention its name ends in `_total`.
    pub fn counter(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name.into(), MetricKind::Counter, None)
    }

    /// Specifies a gauge.
    pub fn gauge(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name.into(), MetricKind::Gauge, None)
    }

    /// Specifies a histogram. By convention its name ends in the unit: `_seconds`, `_bytes`.
    pub fn histogram(name: impl Into<Cow<'static, str>>, buckets: Buckets) -> Self {
        Self::new(name.into(), MetricKind::Histogram, Some(buckets))
    }

    fn new(name: Cow<'static, str>, kind: MetricKind, buckets: Option<Buckets>) -> Self {
        Self {
            name,
            kind,
            unit: None,
            help: Cow::Borrowed(""),
            labels: Cow::Borrowed(&[]),
            buckets,
        }
    }

    /// Sets the help text. Defaults to none.
    pub fn with_help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = help.into();
        self
    }

    /// Sets the unit. Defaults to none.
    pub fn with_unit(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Sets the label names. Defaults to none.
    pub fn with_labels<L>(mut self, labels: impl IntoIterator<Item = L>) -> Self
    where
        L: Into<Cow<'static, str>>,
    {
        self.labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// The name, as it stands in the exposition.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind.
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    /// The unit, if one was given.
    pub fn unit(&self) -> Option<Unit> {
        self.unit
    }

    /// The help text, empty if none was given.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// The label names.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(AsRef::as_ref)
    }

    /// The buckets of a histogram, `None` for other kinds.
    pub fn buckets(&self) -> Option<&Buckets> {
        self.buckets.as_ref()
    }

    /// Checks the names against Prometheus' [data model].
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if the metric's name or a label's name is invalid, reserved or repeated.
    ///
    /// [data model]: https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels
    pub fn validate(&self) -> Result<(), DeclareError> {
        if !is_name(&self.name, |c| c == ':') {
            return Err(DeclareError::InvalidName { name: self.name.to_string() });
        }
        for (index, label) in self.labels.iter().enumerate() {
            let error = |reason| {
                Err(DeclareError::InvalidLabel {
                    name: self.name.to_string(),
                    label: label.to_string(),
                    reason,
                })
            };
            if !is_name(label, |_| false) {
                return error("it must match [a-zA-Z_][a-zA-Z0-9_]*");
            }
            if label.starts_with("__") {
                return error("names that begin with `__` are reserved by Prometheus");
            }
            if label == "le" || label == "quantile" {
                return error("it is reserved for histograms and summaries");
            }
            if self.labels.iter().take(index).any(|earlier| earlier == label) {
                return error("it is listed twice");
            }
        }
        Ok(())
    }
}

fn is_name(name: &str, also: impl Fn(char) -> bool) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || also(c);
    name.chars().next().is_some_and(|c| !c.is_ascii_digit()) && name.chars().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name the exposition could not carry is refused before anything is recorded.
    #[test]
    fn names_outside_the_data_model_are_refused() {
        for name in ["", "1st", "a-b", "a.b", "ä"] {
            let error = MetricSpec::counter(name).validate().unwrap_err();
            assert_eq!(error, DeclareError::InvalidName { name: name.to_owned() });
        }
        assert_eq!(MetricSpec::counter("job:rate_total").validate(), Ok(()));
    }

    /// Reserved, malformed and repeated labels each say why.
    #[test]
    fn labels_outside_the_data_model_are_refused() {
        for labels in [&["le"][..], &["quantile"], &["__name"], &["a:b"], &["a", "a"], &[""]] {
            let spec = MetricSpec::gauge("g").with_labels(labels.iter().copied());
            assert!(
                matches!(spec.validate(), Err(DeclareError::InvalidLabel { .. })),
                "{labels:?}"
            );
        }
    }
}
