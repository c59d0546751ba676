//! What makes a text unreadable.

use std::fmt;

/// The first line that is not well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    line: usize,
    kind: ParseErrorKind,
}

impl ParseError {
    pub(super) fn new(line: usize, kind: ParseErrorKind) -> Self {
        Self { line, kind }
    }

    /// Returns the number of the line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns what is wrong with it.
    pub fn kind(&self) -> &ParseErrorKind {
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The last line does not end with a line feed, so the text may have been cut off.
    MissingFinalNewline,
    /// A HELP or TYPE line has too few tokens, or a TYPE line too many.
    MalformedComment,
    /// A sample has no value.
    MissingValue,
    /// Something follows the value, or the timestamp, of a sample.
    TrailingText(String),
    /// Labels are not written as `{name="value",name="value"}`.
    MalformedLabels,
    /// This is no name of a metric.
    BadMetricName(String),
    /// This is no name of a label.
    BadLabelName(String),
    /// A sample has a label twice.
    DuplicateLabel(String),
    /// A backslash stands before something that needs none.
    BadEscape,
    /// This is no number.
    BadValue(String),
    /// This is no time in milliseconds.
    BadTimestamp(String),
    /// This is no type of the format.
    UnknownType(String),
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was sent may hold control characters, which are not for a terminal.
        let shown = |text: &str| text.escape_debug().to_string();
        match self {
            Self::MissingFinalNewline => write!(f, "no line feed at the end"),
            Self::MalformedComment => write!(f, "HELP or TYPE without a name or a type"),
            Self::MissingValue => write!(f, "no value"),
            Self::TrailingText(text) => write!(f, "`{}` after the sample", shown(text)),
            Self::MalformedLabels => write!(f, "labels are not `{{name=\"value\",..}}`"),
            Self::BadMetricName(name) => write!(f, "`{}` is no metric name", shown(name)),
            Self::BadLabelName(name) => write!(f, "`{}` is no label name", shown(name)),
            Self::DuplicateLabel(name) => write!(f, "two labels `{name}`"),
            Self::BadEscape => write!(f, "backslash before something that needs none"),
            Self::BadValue(value) => write!(f, "`{}` is no number", shown(value)),
            Self::BadTimestamp(time) => write!(f, "`{}` is no timestamp", shown(time)),
            Self::UnknownType(name) => write!(f, "`{}` is no type", shown(name)),
        }
    }
}
