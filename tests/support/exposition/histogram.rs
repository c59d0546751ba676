//! What the series of one histogram or summary owe each other.

use std::collections::BTreeMap;

use super::error::{ErrorKind, ParseError};
use super::{Labels, Sample, line};

/// Checks that every histogram has ascending, cumulative buckets up to +Inf, a sum, and a count
/// that is that of the +Inf bucket.
pub(super) fn check_histogram(family: &str, samples: &[(usize, Sample)]) -> Result<(), ParseError> {
    let parts = Parts { steps: &format!("{family}_bucket"), bound: "le", family };
    for group in parts.groups(samples)?.values() {
        group.check_buckets()?;
        group.check_totals()?;
    }
    Ok(())
}

/// Checks that every summary has a sum and a count.
pub(super) fn check_summary(family: &str, samples: &[(usize, Sample)]) -> Result<(), ParseError> {
    let parts = Parts { steps: family, bound: "quantile", family };
    parts.groups(samples)?.values().try_for_each(Group::check_totals)
}

/// What the parts of a family are called.
struct Parts<'a> {
    family: &'a str,
    /// The name of the buckets or quantiles.
    steps: &'a str,
    /// The label that tells them apart.
    bound: &'a str,
}

/// The samples that belong to one set of labels.
struct Group<'a> {
    /// The first of them, to be named if one is missing.
    first: &'a (usize, Sample),
    /// The buckets or quantiles, each with its bound.
    steps: Vec<(f64, &'a (usize, Sample))>,
    sum: Option<&'a (usize, Sample)>,
    count: Option<&'a (usize, Sample)>,
}

impl Parts<'_> {
    fn groups<'a>(
        &self,
        samples: &'a [(usize, Sample)],
    ) -> Result<BTreeMap<Labels, Group<'a>>, ParseError> {
        let mut groups = BTreeMap::new();
        for entry in samples {
            let sample = &entry.1;
            let mut labels = sample.labels.clone();
            let is_step = sample.name == self.steps;
            let bound = if is_step { labels.remove(self.bound) } else { None };
            let new = Group { first: entry, steps: Vec::new(), sum: None, count: None };
            let group = groups.entry(labels).or_insert(new);
            match (bound, sample.name.strip_prefix(self.family)) {
                (Some(bound), _) => {
                    let bound = line::number(&bound).ok().filter(|bound| !bound.is_nan());
                    let bound = bound.ok_or_else(|| fail(entry, ErrorKind::BadBound))?;
                    group.steps.push((bound, entry));
                }
                (None, Some("_sum")) => group.sum = Some(entry),
                (None, Some("_count")) => group.count = Some(entry),
                (None, _) => return Err(fail(entry, ErrorKind::UnexpectedSample)),
            }
        }
        Ok(groups)
    }
}

impl Group<'_> {
    fn check_buckets(&self) -> Result<(), ParseError> {
        let pairs = self.steps.iter().zip(self.steps.iter().skip(1));
        for ((lower_bound, lower), (bound, step)) in pairs {
            if lower_bound >= bound {
                return Err(fail(step, ErrorKind::UnsortedBuckets));
            }
            if step.1.value < lower.1.value {
                return Err(fail(step, ErrorKind::NotCumulative));
            }
        }
        match (self.steps.last(), self.count) {
            (Some((f64::INFINITY, all)), Some(count)) => {
                let is_same = all.1.value.total_cmp(&count.1.value).is_eq();
                if is_same { Ok(()) } else { Err(fail(count, ErrorKind::CountMismatch)) }
            }
            (Some((f64::INFINITY, _)), None) => Err(fail(self.first, ErrorKind::MissingCount)),
            _ => Err(fail(self.first, ErrorKind::MissingInfinity)),
        }
    }

    fn check_totals(&self) -> Result<(), ParseError> {
        let sum = self.sum.ok_or_else(|| fail(self.first, ErrorKind::MissingSum));
        let count = self.count.ok_or_else(|| fail(self.first, ErrorKind::MissingCount));
        sum.and(count).map(|_| ())
    }
}

fn fail((line, sample): &(usize, Sample), kind: fn(String) -> ErrorKind) -> ParseError {
    ParseError::new(*line, kind(sample.series()))
}
