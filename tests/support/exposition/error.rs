//! What makes a text not strictly valid.

use std::fmt;

/// The first line that is not strictly valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    line: usize,
    kind: ErrorKind,
}

impl ParseError {
    pub(super) fn new(line: usize, kind: ErrorKind) -> Self {
        Self { line, kind }
    }

    /// Returns the number of the line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns what is wrong with it.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.kind)
    }
}

impl std::error::Error for ParseError {}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text does not end with a line feed.
    MissingFinalNewline,
    /// The line has not the shape of a sample, HELP or TYPE.
    Malformed,
    /// This is no name of a metric.
    BadMetricName(String),
    /// This is no name of a label, or one that only Prometheus may use.
    BadLabelName(String),
    /// A backslash stands before something that needs none.
    BadEscape,
    /// This is no number as the format writes them.
    BadValue(String),
    /// A sample has a timestamp, which a scrape target must leave to the scraper.
    Timestamp,
    /// This is no type of metric.
    UnknownType(String),
    /// A sample has a label twice.
    DuplicateLabel(String),
    /// A series comes twice.
    DuplicateSeries(String),
    /// A metric has two HELP lines.
    DuplicateHelp(String),
    /// A metric has two TYPE lines.
    DuplicateType(String),
    /// The HELP line comes after samples of its metric.
    HelpAfterSamples(String),
    /// The TYPE line comes after samples of its metric.
    TypeAfterSamples(String),
    /// Lines of another metric stand between those of this one.
    NotContiguous(String),
    /// A metric has no TYPE line.
    MissingType(String),
    /// A metric of this type has no sample with this name or without its label.
    UnexpectedSample(String),
    /// A counter is negative or not a number.
    BadCounter(String),
    /// This is no upper bound of a bucket, or no quantile of a summary.
    BadBound(String),
    /// The buckets of a histogram are not in ascending order.
    UnsortedBuckets(String),
    /// A bucket of a histogram counts less than the one below it.
    NotCumulative(String),
    /// A histogram has no bucket without bound.
    MissingInfinity(String),
    /// A histogram or a summary has no sum.
    MissingSum(String),
    /// A histogram or a summary has no count.
    MissingCount(String),
    /// The count of a histogram is not that of its bucket without bound.
    CountMismatch(String),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingFinalNewline => write!(f, "no line feed at the end"),
            Self::Malformed => write!(f, "neither a sample nor a comment"),
            Self::BadMetricName(name) => write!(f, "`{name}` is no metric name"),
            Self::BadLabelName(name) => write!(f, "`{name}` is no label name"),
            Self::BadEscape => write!(f, "backslash before something that needs none"),
            Self::BadValue(value) => write!(f, "`{value}` is no value"),
            Self::Timestamp => write!(f, "sample with a timestamp"),
            Self::UnknownType(name) => write!(f, "`{name}` is no type"),
            Self::DuplicateLabel(name) => write!(f, "two labels `{name}`"),
            Self::DuplicateSeries(series) => write!(f, "two samples of {series}"),
            Self::DuplicateHelp(name) => write!(f, "two HELP lines for `{name}`"),
            Self::DuplicateType(name) => write!(f, "two TYPE lines for `{name}`"),
            Self::HelpAfterSamples(name) => write!(f, "HELP after samples of `{name}`"),
            Self::TypeAfterSamples(name) => write!(f, "TYPE after samples of `{name}`"),
            Self::NotContiguous(name) => write!(f, "lines of `{name}` are not in one piece"),
            Self::MissingType(name) => write!(f, "no TYPE for `{name}`"),
            Self::UnexpectedSample(series) => write!(f, "type has no such sample: {series}"),
            Self::BadCounter(series) => write!(f, "counter below zero: {series}"),
            Self::BadBound(bound) => write!(f, "`{bound}` is no bound"),
            Self::UnsortedBuckets(series) => write!(f, "bounds do not ascend: {series}"),
            Self::NotCumulative(series) => write!(f, "less than the bucket below: {series}"),
            Self::MissingInfinity(series) => write!(f, "no +Inf bucket: {series}"),
            Self::MissingSum(series) => write!(f, "no _sum: {series}"),
            Self::MissingCount(series) => write!(f, "no _count: {series}"),
            Self::CountMismatch(series) => write!(f, "_count is not the +Inf bucket: {series}"),
        }
    }
}
