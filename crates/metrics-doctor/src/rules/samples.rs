//! What the samples of any metric owe.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::others;
use crate::exposition::{Family, Kind, Sample};
use crate::{Finding, Rule};

pub(super) fn counter_value(family: &Family) -> Option<Finding> {
    let is_wrong = |value: f64| value.is_nan() || value < 0.0;
    let sample = family.samples().iter().find(|sample| is_wrong(sample.value()))?;
    family.is(Kind::Counter).then(|| {
        let problem = format!("a counter at {}", sample.value());
        let advice = "let it begin at 0 and only go up, or make it a gauge";
        Rule::CounterValue.error(problem, advice).at(sample)
    })
}

/// Prometheus keeps one of them, or none.
pub(super) fn duplicate_series(family: &Family) -> Option<Finding> {
    let mut seen = HashSet::new();
    let twice = family.samples().iter().filter(|s| !seen.insert((s.name(), s.labels())));
    let twice: Vec<_> = twice.collect();
    let sample = twice.first()?;
    let problem = format!("two samples of {sample}{}", others(twice.len()));
    Some(Rule::DuplicateSeries.error(problem, "write each series once").at(sample))
}

pub(super) fn timestamp(family: &Family) -> Option<Finding> {
    let sample = family.samples().iter().find(|sample| sample.timestamp().is_some())?;
    let problem = "samples with timestamps, which stay when the series is gone";
    Some(Rule::Timestamp.warning(problem, "leave the time to Prometheus").at(sample))
}

pub(super) fn series_count(family: &Family, max: usize) -> Option<Finding> {
    let count = family.samples().len();
    if count <= max {
        return None;
    }
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (label, value) in family.samples().iter().flat_map(Sample::labels) {
        values.entry(label).or_default().insert(value);
    }
    let widest = values.iter().max_by_key(|(_, values)| values.len());
    let widest =
        widest.map(|(label, values)| format!(", label `{label}` with {} values", values.len()));
    let problem = format!("{count} series{}", widest.unwrap_or_default());
    let advice = format!("have at most {max}: fewer labels, fewer values, or fewer buckets");
    Some(Rule::SeriesCount.warning(problem, advice))
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    /// A rate over it would have no meaning.
    #[test]
    fn a_counter_below_zero_is_an_error() {
        let text = "# TYPE a counter\na 0\na{x=\"1\"} -1\n# TYPE b counter\nb NaN\n\
                    # TYPE c counter\nc +Inf\n# TYPE d gauge\nd -1\n";
        let expected = ["error a: a counter at -1", "error b: a counter at NaN"];
        assert_eq!(found(counter_value, text), expected);
    }

    /// The order of labels makes no difference.
    #[test]
    fn a_series_that_comes_twice_is_an_error() {
        let text = "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\na 1\na 2\na 3\nb{x=\"1\"} 1\nb 1\n";
        let expected = [r#"error a: two samples of a{x="1",y="2"}, and 2 others"#];
        assert_eq!(found(duplicate_series, text), expected);
    }

    /// Prometheus would keep what is no longer there.
    #[test]
    fn a_timestamp_is_found() {
        let text = "a 1\na{x=\"1\"} 1 1700000000000\nb 1\n";
        assert_eq!(found(timestamp, text).len(), 1);
    }

    /// And which label it is.
    #[test]
    fn more_series_than_the_limit_are_found() {
        let text = "a{x=\"1\",y=\"1\"} 1\na{x=\"1\",y=\"2\"} 1\na{x=\"1\",y=\"3\"} 1\nb 1\n";
        let expected = ["warning a: 3 series, label `y` with 3 values"];
        assert_eq!(found(|family| series_count(family, 2), text), expected);
        assert_eq!(found(|family| series_count(family, 3), text), [""; 0]);
    }
}
