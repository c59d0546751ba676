//! One line of the text.

use super::error::ErrorKind;
use super::{Kind, Labels, Sample};

/// A line that was understood.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Help {
        name: &'a str,
        text: String,
    },
    Type {
        name: &'a str,
        kind: Kind,
    },
    Sample(Sample),
    /// An empty line, or a comment that means nothing.
    Nothing,
}

/// Reads a line that lost its line feed.
pub(super) fn parse(line: &str) -> Result<Line<'_>, ErrorKind> {
    if let Some(help) = line.strip_prefix("# HELP ") {
        let (name, text) = help.split_once(' ').unwrap_or((help, ""));
        Ok(Line::Help { name: metric_name(name)?, text: unescaped(text, &['\\', 'n'])? })
    } else if let Some(kind) = line.strip_prefix("# TYPE ") {
        let (name, kind) = kind.split_once(' ').ok_or(ErrorKind::Malformed)?;
        Ok(Line::Type { name: metric_name(name)?, kind: kind_named(kind)? })
    } else if line.is_empty() || line.starts_with('#') {
        Ok(Line::Nothing)
    } else {
        sample(line).map(Line::Sample)
    }
}

fn sample(line: &str) -> Result<Sample, ErrorKind> {
    let end = line.find(['{', ' ']).ok_or(ErrorKind::Malformed)?;
    let (name, rest) = line.split_at(end);
    let name = metric_name(name)?.to_owned();
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let value = rest.strip_prefix(' ').ok_or(ErrorKind::Malformed)?;
    Ok(Sample { name, labels, value: number(value)? })
}

/// Reads labels up to their closing brace, and returns what follows it.
fn labels(mut rest: &str) -> Result<(Labels, &str), ErrorKind> {
    let mut labels = Labels::new();
    if let Some(rest) = rest.strip_prefix('}') {
        return Ok((labels, rest));
    }
    loop {
        let (name, quoted) = rest.split_once("=\"").ok_or(ErrorKind::Malformed)?;
        let (value, after) = split_at_quote(quoted).ok_or(ErrorKind::Malformed)?;
        let value = unescaped(value, &['\\', '"', 'n'])?;
        if labels.insert(label_name(name)?.to_owned(), value).is_some() {
            return Err(ErrorKind::DuplicateLabel(name.to_owned()));
        }
        if let Some(after) = after.strip_prefix('}') {
            return Ok((labels, after));
        }
        rest = after.strip_prefix(',').ok_or(ErrorKind::Malformed)?;
    }
}

/// Splits at the first quote that no backslash protects; the quote goes.
fn split_at_quote(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let end = text.find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    })?;
    let (value, rest) = text.split_at(end);
    Some((value, rest.strip_prefix('"')?))
}

fn unescaped(text: &str, allowed: &[char]) -> Result<String, ErrorKind> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next().filter(|c| allowed.contains(c)) {
            Some('n') => plain.push('\n'),
            Some(c) => plain.push(c),
            None => return Err(ErrorKind::BadEscape),
        }
    }
    Ok(plain)
}

/// Reads a number. Rust's own reader would also take `infinity` and `nan` in any case.
pub(super) fn number(text: &str) -> Result<f64, ErrorKind> {
    let is_decimal = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'));
    match text {
        "NaN" => Ok(f64::NAN),
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        _ if text.contains(' ') => Err(ErrorKind::Timestamp),
        _ if is_decimal => text.parse().map_err(|_| ErrorKind::BadValue(text.to_owned())),
        _ => Err(ErrorKind::BadValue(text.to_owned())),
    }
}

fn kind_named(name: &str) -> Result<Kind, ErrorKind> {
    match name {
        "counter" => Ok(Kind::Counter),
        "gauge" => Ok(Kind::Gauge),
        "histogram" => Ok(Kind::Histogram),
        "summary" => Ok(Kind::Summary),
        "untyped" => Ok(Kind::Untyped),
        _ => Err(ErrorKind::UnknownType(name.to_owned())),
    }
}

fn metric_name(name: &str) -> Result<&str, ErrorKind> {
    let is_valid = is_identifier(name, |c| matches!(c, '_' | ':'));
    if is_valid { Ok(name) } else { Err(ErrorKind::BadMetricName(name.to_owned())) }
}

/// Accepts what a scrape target may use: two underscores lead the names of Prometheus' own labels.
fn label_name(name: &str) -> Result<&str, ErrorKind> {
    let is_valid = is_identifier(name, |c| c == '_') && !name.starts_with("__");
    if is_valid { Ok(name) } else { Err(ErrorKind::BadLabelName(name.to_owned())) }
}

fn is_identifier(name: &str, is_mark: impl Fn(char) -> bool) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || is_mark(c))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || is_mark(c))
}
