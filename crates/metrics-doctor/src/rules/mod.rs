//! The rules, each a function that finds nothing or what is wrong.

mod buckets;
mod histogram;
mod labels;
mod metadata;
mod names;
mod samples;
mod service;
mod unbounded;
mod units;

pub(crate) use self::service::content_type;

use crate::exposition::{Exposition, Family};
use crate::{Finding, Rule};

/// One look at a family, for at most one finding.
type Check = fn(&Family) -> Option<Finding>;

const CHECKS: &[Check] = &[
    metadata::layout,
    metadata::missing_help,
    metadata::missing_type,
    metadata::summary,
    names::counter_suffix,
    names::total_suffix,
    names::reserved_suffix,
    names::style,
    units::unit,
    units::missing_unit,
    units::ratio_range,
    samples::counter_value,
    samples::duplicate_series,
    samples::timestamp,
    histogram::consistency,
    buckets::fit,
    buckets::count,
    labels::reserved,
    labels::of_target,
];

/// What somebody else decided upon, and dashboards rely on.
const EXCEPTIONS: &[(Rule, &str)] = &[
    // The name of the guide that this vocabulary comes from.
    (Rule::ReservedSuffix, "models_loaded_count"),
    // The buckets that inference servers have in common.
    (Rule::BucketCount, "inference_inter_token_latency_seconds"),
    (Rule::BucketCount, "inference_time_per_output_token_seconds"),
    (Rule::BucketCount, "inference_time_to_first_token_seconds"),
];

/// Everything that is wrong with one scrape.
pub(crate) fn findings(exposition: &Exposition, max_series: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(service::empty(exposition));
    findings.extend(service::self_measured(exposition));
    findings.extend(service::balance(exposition));
    for family in exposition.families() {
        let mut all: Vec<Finding> = CHECKS.iter().filter_map(|check| check(family)).collect();
        all.extend(samples::series_count(family, max_series));
        all.extend(unbounded::labels(family));
        all.retain(|finding| !EXCEPTIONS.contains(&(finding.rule(), family.name())));
        findings.extend(all.into_iter().map(|finding| finding.on(family)));
    }
    findings
}

/// How many there are besides the one that is shown.
fn others(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        2 => ", and 1 other".to_owned(),
        _ => format!(", and {} others", count - 1),
    }
}

/// The findings of one check, as severity, metric and problem.
#[cfg(test)]
fn found(check: impl Fn(&Family) -> Option<Finding>, text: &str) -> Vec<String> {
    let exposition = Exposition::parse(text).unwrap();
    let findings = exposition.families().iter().filter_map(|family| Some((family, check(family)?)));
    findings
        .map(|(family, f)| format!("{} {}: {}", f.severity(), family.name(), f.problem()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither the guide's name nor the shared buckets are for their users to change.
    #[test]
    fn what_others_decided_is_not_found() {
        let text = "# HELP models_loaded_count A.\n# TYPE models_loaded_count gauge\n\
                    models_loaded_count 1\n";
        assert_eq!(findings(&Exposition::parse(text).unwrap(), 1_000), []);
        let other = text.replace("models_loaded", "jobs");
        let findings = findings(&Exposition::parse(&other).unwrap(), 1_000);
        assert_eq!(findings.iter().map(Finding::rule).collect::<Vec<_>>(), [Rule::ReservedSuffix]);
    }
}
