//! One line of the text.

use super::error::ParseErrorKind as Wrong;
use super::{Kind, Labels};

/// What separates tokens, in any number.
const BLANKS: [char; 2] = [' ', '\t'];

/// A line that was understood.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    Help {
        name: &'a str,
        text: String,
    },
    Type {
        name: &'a str,
        kind: Kind,
    },
    Sample {
        name: &'a str,
        labels: Labels,
        value: f64,
        timestamp: Option<i64>,
    },
    /// An empty line, or a comment that means nothing.
    Nothing,
}

/// Reads a line that lost its line feed.
pub(super) fn parse(line: &str) -> Result<Line<'_>, Wrong> {
    let line = line.trim_matches(BLANKS);
    match line.strip_prefix('#') {
        Some(comment) => meaning(comment),
        None if line.is_empty() => Ok(Line::Nothing),
        None => sample(line),
    }
}

fn meaning(comment: &str) -> Result<Line<'_>, Wrong> {
    let (keyword, rest) = token(comment);
    let (name, rest) = token(rest);
    match keyword {
        "HELP" | "TYPE" if name.is_empty() => Err(Wrong::MalformedComment),
        "HELP" => Ok(Line::Help { name: metric_name(name)?, text: unescaped(rest, &['\\', 'n'])? }),
        "TYPE" => match token(rest) {
            ("", _) => Err(Wrong::MalformedComment),
            (kind, "") => Ok(Line::Type { name: metric_name(name)?, kind: kind_named(kind)? }),
            (_, rest) => Err(Wrong::TrailingText(rest.to_owned())),
        },
        _ => Ok(Line::Nothing),
    }
}

fn sample(line: &str) -> Result<Line<'_>, Wrong> {
    let end = line.find(['{', ' ', '\t']).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let name = metric_name(name)?;
    let rest = rest.trim_start_matches(BLANKS);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let (value, rest) = token(rest);
    if value.is_empty() {
        return Err(Wrong::MissingValue);
    }
    let value = number(value).ok_or_else(|| Wrong::BadValue(value.to_owned()))?;
    let (time, rest) = token(rest);
    if !rest.is_empty() {
        return Err(Wrong::TrailingText(rest.to_owned()));
    }
    let timestamp = match time {
        "" => None,
        time => Some(time.parse().map_err(|_| Wrong::BadTimestamp(time.to_owned()))?),
    };
    Ok(Line::Sample { name, labels, value, timestamp })
}

/// Reads labels up to their closing brace, and returns what follows it.
fn labels(mut rest: &str) -> Result<(Labels, &str), Wrong> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start_matches(BLANKS);
        // The last label may be followed by a comma.
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((labels, after));
        }
        let (name, after) = rest.split_once('=').ok_or(Wrong::MalformedLabels)?;
        let name = label_name(name.trim_end_matches(BLANKS))?;
        let quoted = after.trim_start_matches(BLANKS).strip_prefix('"');
        let (value, after) = quoted.and_then(split_at_quote).ok_or(Wrong::MalformedLabels)?;
        let value = unescaped(value, &['\\', '"', 'n'])?;
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(Wrong::DuplicateLabel(name.to_owned()));
        }
        let after = after.trim_start_matches(BLANKS);
        rest = match after.strip_prefix(',') {
            Some(after) => after,
            None if after.starts_with('}') => after,
            None => return Err(Wrong::MalformedLabels),
        };
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

fn unescaped(text: &str, allowed: &[char]) -> Result<String, Wrong> {
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
            None => return Err(Wrong::BadEscape),
        }
    }
    Ok(plain)
}

/// The first token, and what follows it.
fn token(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(BLANKS);
    let (token, rest) = text.split_at(text.find(BLANKS).unwrap_or(text.len()));
    (token, rest.trim_start_matches(BLANKS))
}

/// Reads a number as Prometheus does: `NaN` and `Inf` in any case, and only the former unsigned.
pub(crate) fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let is_signed_nan = number.is_nan() && text.starts_with(['+', '-']);
    (!is_signed_nan).then_some(number)
}

fn kind_named(name: &str) -> Result<Kind, Wrong> {
    match name {
        "counter" => Ok(Kind::Counter),
        "gauge" => Ok(Kind::Gauge),
        "histogram" => Ok(Kind::Histogram),
        "summary" => Ok(Kind::Summary),
        "untyped" => Ok(Kind::Untyped),
        _ => Err(Wrong::UnknownType(name.to_owned())),
    }
}

fn metric_name(name: &str) -> Result<&str, Wrong> {
    let is_valid = is_identifier(name, |c| matches!(c, '_' | ':'));
    if is_valid { Ok(name) } else { Err(Wrong::BadMetricName(name.to_owned())) }
}

fn label_name(name: &str) -> Result<&str, Wrong> {
    let is_valid = is_identifier(name, |c| c == '_');
    if is_valid { Ok(name) } else { Err(Wrong::BadLabelName(name.to_owned())) }
}

fn is_identifier(name: &str, is_mark: impl Fn(char) -> bool) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || is_mark(c))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || is_mark(c))
}
