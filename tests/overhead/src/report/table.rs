//! Tables in plain text, with columns as wide as they need to be.

use std::fmt::Write as _;

use super::Finding;

const HEAD: [&str; 7] = ["variant", "metric", "median", "q1 … q3", "unit", "ratio", "target"];

/// Renders a table for each subject, in the order in which they came.
pub(super) fn render(findings: &[Finding]) -> String {
    let tables: Vec<String> =
        findings.chunk_by(|one, next| one.subject == next.subject).map(table).collect();
    tables.join("\n")
}

fn table(findings: &[Finding]) -> String {
    let mut text = String::new();
    if let Some(Finding { subject, .. }) = findings.first() {
        let parts = [subject.kind, subject.framework, &subject.scene];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{}", parts.join(" · "));
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(findings.iter().map(row));
    let widths = widths(&rows);
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "  {cell:<width$}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn row(finding: &Finding) -> [String; HEAD.len()] {
    let value = finding.value;
    let target = finding.target().map(|target| match target.is_met_by(finding) {
        Some(true) => format!("{target}: met"),
        Some(false) => format!("{target}: missed"),
        None => target.to_string(),
    });
    [
        finding.variant.clone(),
        finding.metric.to_owned(),
        number(value.median),
        format!("{} … {}", number(value.lower), number(value.upper)),
        finding.unit.to_owned(),
        finding.ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default(),
        target.unwrap_or_default(),
    ]
}

/// As many digits as mean something.
fn number(value: f64) -> String {
    if value.abs() < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn widths(rows: &[[String; HEAD.len()]]) -> [usize; HEAD.len()] {
    let mut widths = [0; HEAD.len()];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    widths
}
