//! How findings are shown.

use std::io::{self, Write as _};

use metrics_doctor::{Exposition, Finding, Severity};
use serde_json::json;

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A line for each, and a summary.
    Text,
    /// A JSON object for each, and nothing else.
    Json,
}

impl Format {
    /// What is printed, without a last line feed.
    pub(crate) fn report(self, exposition: &Exposition, findings: &[Finding]) -> String {
        let mut lines: Vec<String> = match self {
            Self::Text => findings.iter().map(Finding::to_string).collect(),
            Self::Json => findings.iter().map(object).collect(),
        };
        if self == Self::Text {
            lines.push(summary(exposition, findings));
        }
        lines.join("\n")
    }
}

fn object(finding: &Finding) -> String {
    json!({
        "severity": finding.severity().to_string(),
        "rule": finding.rule().name(),
        "metric": finding.metric(),
        "line": finding.line(),
        "problem": finding.problem(),
        "advice": finding.advice(),
    })
    .to_string()
}

fn summary(exposition: &Exposition, findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|f| f.severity() == severity).count();
    format!(
        "{}, {} series: {}, {}, {}",
        counted(exposition.families().len(), "metric"),
        exposition.samples().count(),
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning"),
        counted(count(Severity::Note), "note"),
    )
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Prints a text and a line feed, if there is any text.
pub(crate) fn print(text: &str) {
    if !text.is_empty() {
        // Whoever reads only the first lines has what they wanted.
        let _ = writeln!(io::stdout().lock(), "{text}");
    }
}

#[cfg(test)]
mod tests {
    use metrics_doctor::Doctor;

    use super::*;

    fn report(format: Format, text: &str) -> String {
        let exposition = Exposition::parse(text).unwrap();
        format.report(&exposition, &Doctor::new().examine(&exposition))
    }

    /// The last line says how it went, also if there is nothing to say.
    #[test]
    fn a_summary_ends_the_text() {
        let text = "# HELP a A.\n# TYPE a counter\na 1\na{job=\"x\"} 1\n";
        let report = report(Format::Text, text);
        let lines: Vec<&str> = report.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[2], "1 metric, 2 series: 1 error, 1 warning, 0 notes");
    }

    /// A program reads each line by itself.
    #[test]
    fn json_is_an_object_for_each_finding() {
        let printed = report(Format::Json, "# HELP a A.\n# TYPE a counter\na 1\n");
        let object: serde_json::Value = serde_json::from_str(&printed).unwrap();
        let expected = json!({
            "severity": "error",
            "rule": "counter-suffix",
            "metric": "a",
            "line": 1,
            "problem": "counter without `_total`",
            "advice": "call it `a_total`",
        });
        assert_eq!(object, expected);
        assert_eq!(Format::Json.report(&Exposition::parse("").unwrap(), &[]), "");
    }
}
