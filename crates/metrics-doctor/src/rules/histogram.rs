//! What the parts of a histogram owe each other.

use std::collections::BTreeMap;

use super::others;
use crate::exposition::{Family, Kind, Labels, Sample, number};
use crate::{Finding, Rule};

/// The parts of a histogram that have the same labels, but for `le`.
#[derive(Debug)]
pub(super) struct Series<'a> {
    /// The first of them, for messages.
    first: &'a Sample,
    /// By ascending bounds.
    pub(super) buckets: Vec<(f64, &'a Sample)>,
    count: Option<&'a Sample>,
    sum: Option<&'a Sample>,
    /// A sample that is none of its parts.
    stranger: Option<&'a Sample>,
}

/// The series of a histogram; none of anything else.
pub(super) fn series(family: &Family) -> Vec<Series<'_>> {
    let mut all: BTreeMap<Labels, Series<'_>> = BTreeMap::new();
    for sample in family.samples().iter().filter(|_| family.is(Kind::Histogram)) {
        let mut labels = sample.labels().clone();
        let bound = labels.remove("le").and_then(|bound| number(&bound));
        let series = all.entry(labels).or_insert_with(|| Series::new(sample));
        match (sample.name().strip_prefix(family.name()), bound) {
            (Some("_bucket"), Some(bound)) => series.buckets.push((bound, sample)),
            // Another rule says what is wrong with its bound.
            (Some("_bucket"), None) => {}
            (Some("_count"), _) => series.count = Some(sample),
            (Some("_sum"), _) => series.sum = Some(sample),
            _ => series.stranger = Some(sample),
        }
    }
    let mut all: Vec<_> = all.into_values().collect();
    for series in &mut all {
        series.buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    }
    all.sort_by_key(|series| series.first.line());
    all
}

pub(super) fn consistency(family: &Family) -> Option<Finding> {
    let series = series(family);
    let wrong: Vec<_> = series.iter().filter_map(Series::inconsistency).collect();
    let (sample, problem) = wrong.first()?;
    let problem = format!("{problem}: {sample}{}", others(wrong.len()));
    let advice = "give every histogram cumulative buckets up to `+Inf`, a sum, and their count";
    Some(Rule::Histogram.error(problem, advice).at(sample))
}

impl<'a> Series<'a> {
    fn new(first: &'a Sample) -> Self {
        Self { first, buckets: Vec::new(), count: None, sum: None, stranger: None }
    }

    /// How many samples there are, if it says so.
    pub(super) fn count(&self) -> Option<f64> {
        self.count.map(Sample::value)
    }

    /// The first thing that is wrong, and where.
    fn inconsistency(&self) -> Option<(&'a Sample, &'static str)> {
        if let Some(stranger) = self.stranger {
            return Some((stranger, "no part of a histogram"));
        }
        for ((lower_bound, lower), (bound, bucket)) in
            self.buckets.iter().zip(self.buckets.iter().skip(1))
        {
            if lower_bound.total_cmp(bound).is_eq() {
                return Some((bucket, "a bound that comes twice"));
            }
            if bucket.value() < lower.value() || bucket.value().is_nan() {
                return Some((bucket, "less than in the bucket below"));
            }
        }
        let Some((_, all)) = self.buckets.last().filter(|(bound, _)| *bound == f64::INFINITY)
        else {
            return Some((self.first, "no bucket `+Inf`"));
        };
        match (self.count, self.sum) {
            (None, _) => Some((self.first, "no `_count`")),
            (_, None) => Some((self.first, "no `_sum`")),
            (Some(count), _) if count.value().total_cmp(&all.value()).is_ne() => {
                Some((count, "not the value of the bucket `+Inf`"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    const GOOD: &str = "# TYPE h histogram\n\
        h_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 9\nh_count 3\n";

    fn changed(from: &str, to: &str) -> Vec<String> {
        assert!(GOOD.contains(from), "{from}");
        found(consistency, &GOOD.replace(from, to))
    }

    /// In any order of lines, and of nothing but histograms.
    #[test]
    fn a_consistent_histogram_is_fine() {
        assert_eq!(found(consistency, GOOD), [""; 0]);
        let swapped = changed("h_sum 9\nh_count 3\n", "h_count 3\nh_sum 9\n");
        assert_eq!(swapped, [""; 0]);
        assert_eq!(changed("# TYPE h histogram\n", ""), [""; 0]);
    }

    /// Each is a query that would lie.
    #[test]
    fn what_does_not_add_up_is_an_error() {
        for (from, to, problem) in [
            ("h_bucket{le=\"+Inf\"} 3\n", "", r#"no bucket `+Inf`: h_bucket{le="1"}"#),
            (
                "h_bucket{le=\"2\"} 1",
                "h_bucket{le=\"2\"} 0",
                r#"less than in the bucket below: h_bucket{le="2"}"#,
            ),
            (
                "h_bucket{le=\"2\"} 1",
                "h_bucket{le=\"2\"} NaN",
                r#"less than in the bucket below: h_bucket{le="2"}"#,
            ),
            ("le=\"2\"", "le=\"1.0\"", r#"a bound that comes twice: h_bucket{le="1.0"}"#),
            ("h_count 3", "h_count 4", "not the value of the bucket `+Inf`: h_count"),
            ("h_count 3\n", "", r#"no `_count`: h_bucket{le="1"}"#),
            ("h_sum 9\n", "", r#"no `_sum`: h_bucket{le="1"}"#),
            ("h_sum 9\n", "h_sum 9\nh 1\n", "no part of a histogram: h"),
        ] {
            assert_eq!(changed(from, to), [format!("error h: {problem}")]);
        }
    }

    /// One line, however many series are wrong.
    #[test]
    fn series_are_told_apart_by_their_labels() {
        let text =
            "# TYPE h histogram\nh_count{a=\"1\"} 1\nh_count{a=\"2\"} 1\nh_count{a=\"3\"} 1\n";
        let expected = [r#"error h: no bucket `+Inf`: h_count{a="1"}, and 2 others"#];
        assert_eq!(found(consistency, text), expected);
    }
}
