//! Every rule in one table.

use std::fmt;

/// What a service is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// `empty`: there is a sample.
    Empty,
    /// `content-type`: the answer is declared as what it is.
    ContentType,
    /// `layout`: one HELP and one TYPE line, then all samples, in one piece.
    Layout,
    /// `missing-help`: a metric explains itself.
    MissingHelp,
    /// `missing-type`: a metric says what it is.
    MissingType,
    /// `counter-suffix`: the name of a counter ends in `_total`.
    CounterSuffix,
    /// `total-suffix`: nothing else ends in `_total`.
    TotalSuffix,
    /// `reserved-suffix`: `_bucket`, `_sum` and `_count` are parts of a histogram.
    ReservedSuffix,
    /// `name-style`: names of metrics and labels are in snake case, without a type.
    NameStyle,
    /// `unit`: seconds, bytes and ratios, never parts or multiples of them.
    Unit,
    /// `missing-unit`: what is measured in time says so.
    MissingUnit,
    /// `ratio-range`: a ratio is from 0 to 1.
    RatioRange,
    /// `counter-value`: a counter is a number, and not below zero.
    CounterValue,
    /// `summary`: quantiles of several processes cannot be joined.
    Summary,
    /// `histogram`: buckets are cumulative up to `+Inf`, which is the count.
    Histogram,
    /// `bucket-fit`: not nearly all samples lie in one bucket.
    BucketFit,
    /// `bucket-count`: enough buckets for a quantile, and no more.
    BucketCount,
    /// `unbounded-label`: no label has values without end.
    UnboundedLabel,
    /// `reserved-label`: `le`, `quantile` and `__*` mean what Prometheus means by them.
    ReservedLabel,
    /// `target-label`: `job` and `instance` are Prometheus' own.
    TargetLabel,
    /// `series-count`: a metric has not too many series.
    SeriesCount,
    /// `duplicate-series`: a series comes once.
    DuplicateSeries,
    /// `timestamp`: when a sample was taken is for Prometheus to say.
    Timestamp,
    /// `self-measured`: the route of the metrics is not measured.
    SelfMeasured,
    /// `balance`: every HTTP request that is counted has a duration, and the other way round.
    Balance,
    /// `decreased`: between two looks, no counter goes down.
    Decreased,
    /// `growth`: between two looks, a metric gets no new series.
    Growth,
}

impl Rule {
    /// All rules.
    pub const ALL: &'static [Self] = &[
        Self::Empty,
        Self::ContentType,
        Self::Layout,
        Self::MissingHelp,
        Self::MissingType,
        Self::CounterSuffix,
        Self::TotalSuffix,
        Self::ReservedSuffix,
        Self::NameStyle,
        Self::Unit,
        Self::MissingUnit,
        Self::RatioRange,
        Self::CounterValue,
        Self::Summary,
        Self::Histogram,
        Self::BucketFit,
        Self::BucketCount,
        Self::UnboundedLabel,
        Self::ReservedLabel,
        Self::TargetLabel,
        Self::SeriesCount,
        Self::DuplicateSeries,
        Self::Timestamp,
        Self::SelfMeasured,
        Self::Balance,
        Self::Decreased,
        Self::Growth,
    ];

    /// Its name, as findings show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::ContentType => "content-type",
            Self::Layout => "layout",
            Self::MissingHelp => "missing-help",
            Self::MissingType => "missing-type",
            Self::CounterSuffix => "counter-suffix",
            Self::TotalSuffix => "total-suffix",
            Self::ReservedSuffix => "reserved-suffix",
            Self::NameStyle => "name-style",
            Self::Unit => "unit",
            Self::MissingUnit => "missing-unit",
            Self::RatioRange => "ratio-range",
            Self::CounterValue => "counter-value",
            Self::Summary => "summary",
            Self::Histogram => "histogram",
            Self::BucketFit => "bucket-fit",
            Self::BucketCount => "bucket-count",
            Self::UnboundedLabel => "unbounded-label",
            Self::ReservedLabel => "reserved-label",
            Self::TargetLabel => "target-label",
            Self::SeriesCount => "series-count",
            Self::DuplicateSeries => "duplicate-series",
            Self::Timestamp => "timestamp",
            Self::SelfMeasured => "self-measured",
            Self::Balance => "balance",
            Self::Decreased => "decreased",
            Self::Growth => "growth",
        }
    }

    /// The rule of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names are unique, or one rule could not be allowed.
    #[test]
    fn every_rule_is_found_by_its_name() {
        for rule in Rule::ALL.iter().copied() {
            assert_eq!(Rule::named(rule.name()), Some(rule));
        }
        assert_eq!(Rule::named("nothing"), None);
    }

    /// Whoever meets a rule can look it up.
    #[test]
    fn every_rule_is_in_the_readme() {
        let readme = include_str!("../README.md");
        for rule in Rule::ALL {
            assert!(readme.contains(&format!("\n| `{rule}` |")), "{rule} is missing");
        }
    }
}
