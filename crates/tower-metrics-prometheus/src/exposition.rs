//! How names, values and texts are written.

use std::fmt;

use tower_metrics_core::MetricKind;

/// Appends labels: `method="GET",endpoint="/"`.
pub(crate) fn push_labels<'a>(text: &mut String, labels: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut separator = "";
    for (name, value) in labels {
        text.push_str(separator);
        text.push_str(name);
        text.push_str("=\"");
        // Writing to a string does not fail.
        let _ = write_escaped(text, value, true);
        text.push('"');
        separator = ",";
    }
}

/// Writes what stands above the samples of a metric: `# HELP …` and `# TYPE …`.
pub(crate) fn write_head(
    output: &mut impl fmt::Write,
    name: &str,
    help: &str,
    kind: MetricKind,
) -> fmt::Result {
    if !help.is_empty() {
        write!(output, "# HELP {name} ")?;
        write_escaped(output, help, false)?;
        output.write_char('\n')?;
    }
    writeln!(output, "# TYPE {name} {kind}")
}

/// Writes a sample; its name comes in two parts, and the value as Rust writes numbers.
pub(crate) fn write_sample(
    output: &mut impl fmt::Write,
    (name, suffix): (&str, &str),
    labels: &str,
    value: &str,
) -> fmt::Result {
    let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
    let value = match value {
        "inf" => "+Inf",
        "-inf" => "-Inf",
        _ => value,
    };
    writeln!(output, "{name}{suffix}{open}{labels}{close} {value}")
}

fn write_escaped(output: &mut impl fmt::Write, text: &str, is_quoted: bool) -> fmt::Result {
    for c in text.chars() {
        match c {
            '\n' => output.write_str(r"\n")?,
            '\\' => output.write_str(r"\\")?,
            '"' if is_quoted => output.write_str("\\\"")?,
            _ => output.write_char(c)?,
        }
    }
    Ok(())
}
