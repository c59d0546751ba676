//! What is measured in what.

use crate::exposition::{Family, Kind};
use crate::{Finding, Rule};

/// Units by the base unit to use instead.
const UNITS: &[(&str, &[&str])] = &[
    (
        "seconds",
        &[
            "ns",
            "nsec",
            "nsecs",
            "nanos",
            "nanoseconds",
            "us",
            "usec",
            "usecs",
            "micros",
            "microseconds",
            "ms",
            "msec",
            "msecs",
            "millis",
            "milliseconds",
            "sec",
            "secs",
            "mins",
            "minutes",
            "hours",
            "days",
        ],
    ),
    (
        "bytes",
        &[
            "kb",
            "mb",
            "gb",
            "tb",
            "kib",
            "mib",
            "gib",
            "tib",
            "kilobytes",
            "megabytes",
            "gigabytes",
            "terabytes",
            "kibibytes",
            "mebibytes",
            "gibibytes",
            "tebibytes",
        ],
    ),
    ("ratio", &["percent", "percentage", "pct"]),
];

/// What a name that is a time, and does not say in what, ends in.
const TIMES: &[&str] = &["duration", "latency", "elapsed", "uptime"];

pub(super) fn unit(family: &Family) -> Option<Finding> {
    let (rest, word, total) = last_word(family.name());
    let (base, _) = UNITS.iter().find(|(_, others)| others.contains(&word))?;
    // A name may have nothing but its unit.
    let separator = if rest.is_empty() { "" } else { "_" };
    let name = format!("{rest}{separator}{base}{total}");
    let advice = match *base {
        "ratio" => format!("give it from 0 to 1, and call it `{name}`"),
        base => format!("give it in {base}, and call it `{name}`"),
    };
    Some(Rule::Unit.error(format!("`{word}` is no base unit"), advice))
}

pub(super) fn missing_unit(family: &Family) -> Option<Finding> {
    let (rest, word, total) = last_word(family.name());
    TIMES.contains(&word).then(|| {
        let separator = if rest.is_empty() { "" } else { "_" };
        let advice = format!("call it `{rest}{separator}{word}_seconds{total}`");
        Rule::MissingUnit.warning("a time without a unit", advice)
    })
}

pub(super) fn ratio_range(family: &Family) -> Option<Finding> {
    if !family.is(Kind::Gauge) || !family.name().ends_with("_ratio") {
        return None;
    }
    let is_outside = |value: f64| !value.is_nan() && !(0.0..=1.0).contains(&value);
    let sample = family.samples().iter().find(|sample| is_outside(sample.value()))?;
    let problem = format!("a ratio of {}", sample.value());
    let advice = "give it from 0 to 1, not in percent";
    Some(Rule::RatioRange.warning(problem, advice).at(sample))
}

/// The name up to its last word, that word, and the `_total` behind it.
fn last_word(name: &str) -> (&str, &str, &str) {
    let (name, total) = match name.strip_suffix("_total") {
        Some(name) => (name, "_total"),
        None => (name, ""),
    };
    let (rest, word) = name.rsplit_once('_').unwrap_or(("", name));
    (rest, word, total)
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    /// With what it should be called.
    #[test]
    fn parts_and_multiples_of_base_units_are_errors() {
        let advice = |line: &str| {
            let exposition = crate::Exposition::parse(line).unwrap();
            exposition.families().iter().find_map(unit).map(|finding| finding.advice().to_owned())
        };
        for (line, expected) in [
            ("a_ms 1\n", "give it in seconds, and call it `a_seconds`"),
            ("wait_milliseconds_total 1\n", "give it in seconds, and call it `wait_seconds_total`"),
            ("ms 1\n", "give it in seconds, and call it `seconds`"),
            ("sent_kb_total 1\n", "give it in bytes, and call it `sent_bytes_total`"),
            ("cpu_percent 1\n", "give it from 0 to 1, and call it `cpu_ratio`"),
        ] {
            assert_eq!(advice(line).as_deref(), Some(expected), "{line}");
        }
        for line in ["a_seconds 1\n", "items 1\n", "rooms 1\n", "ms_total_bytes 1\n"] {
            assert_eq!(advice(line), None, "{line}");
        }
        let text = "# TYPE h_ms histogram\nh_ms_count 1\n";
        assert_eq!(found(unit, text), ["error h_ms: `ms` is no base unit"]);
    }

    /// A name that says what, and not in what.
    #[test]
    fn times_need_a_unit() {
        let text = "request_duration 1\nlatency_total 1\nrequest_duration_seconds 1\nitems 1\n";
        let expected = [
            "warning request_duration: a time without a unit",
            "warning latency_total: a time without a unit",
        ];
        assert_eq!(found(missing_unit, text), expected);
    }

    /// Only gauges: a histogram of ratios has other numbers too.
    #[test]
    fn a_ratio_in_percent_is_found() {
        let text = "# TYPE a_ratio gauge\na_ratio 1\na_ratio{x=\"1\"} 97\n\
                    # TYPE b_ratio gauge\nb_ratio 0\nb_ratio{x=\"1\"} NaN\n# TYPE c_ratio histogram\nc_ratio_sum 9\n";
        assert_eq!(found(ratio_range, text), ["warning a_ratio: a ratio of 97"]);
    }
}
