//! What is wrong, and what to do about it.

use std::fmt;

use crate::Rule;
use crate::exposition::{Family, Sample};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing; nothing may be wrong.
    Note,
    /// Costs something, or will give an answer that misleads.
    Warning,
    /// Breaks queries, Prometheus itself, or a rule of its naming.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One thing that is wrong.
///
/// Its `Display` form is one line, which names everything but the line of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    rule: Rule,
    severity: Severity,
    metric: Option<String>,
    line: Option<usize>,
    problem: String,
    advice: String,
}

impl Finding {
    /// Returns the rule that is broken.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns how bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Returns the name of the metric, if it is about one.
    pub fn metric(&self) -> Option<&str> {
        self.metric.as_deref()
    }

    /// Returns the number of the line that shows it, counted from 1, if one does.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// Returns what is wrong.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// Returns what to do.
    pub fn advice(&self) -> &str {
        &self.advice
    }

    /// Makes it one about a family, at its first line unless it has another.
    pub(crate) fn on(mut self, family: &Family) -> Self {
        self.metric = Some(family.name().to_owned());
        self.line.get_or_insert(family.line());
        self
    }

    /// Makes the line that of a sample.
    pub(crate) fn at(self, sample: &Sample) -> Self {
        self.at_line(sample.line())
    }

    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }
}

impl Rule {
    pub(crate) fn note(self, problem: impl Into<String>, advice: impl Into<String>) -> Finding {
        self.finding(Severity::Note, (problem.into(), advice.into()))
    }

    pub(crate) fn warning(self, problem: impl Into<String>, advice: impl Into<String>) -> Finding {
        self.finding(Severity::Warning, (problem.into(), advice.into()))
    }

    pub(crate) fn error(self, problem: impl Into<String>, advice: impl Into<String>) -> Finding {
        self.finding(Severity::Error, (problem.into(), advice.into()))
    }

    fn finding(self, severity: Severity, (problem, advice): (String, String)) -> Finding {
        Finding { rule: self, severity, metric: None, line: None, problem, advice }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, severity, metric, problem, advice, .. } = self;
        write!(f, "{severity}[{rule}]: ")?;
        if let Some(metric) = metric {
            write!(f, "{metric}: ")?;
        }
        write!(f, "{problem}; {advice}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is worst can be found with `max`.
    #[test]
    fn severities_are_in_order() {
        assert!(Severity::Error > Severity::Warning && Severity::Warning > Severity::Note);
    }

    /// Where it is, what it is, and what to do.
    #[test]
    fn a_finding_is_one_line() {
        let finding = Rule::Empty.error("no samples", "record something");
        assert_eq!(finding.to_string(), "error[empty]: no samples; record something");
    }
}
