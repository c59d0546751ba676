//! What metrics are called.

use crate::exposition::{Family, Kind};
use crate::{Finding, Rule};

/// Trap 2 of the guide: Prometheus, and queries, expect `_total`.
pub(super) fn counter_suffix(family: &Family) -> Option<Finding> {
    let is_wrong = family.is(Kind::Counter) && !family.name().ends_with("_total");
    is_wrong.then(|| {
        let advice = format!("call it `{}_total`", family.name());
        Rule::CounterSuffix.error("counter without `_total`", advice)
    })
}

pub(super) fn total_suffix(family: &Family) -> Option<Finding> {
    let kind = family.kind().filter(|kind| !matches!(kind, Kind::Counter | Kind::Untyped))?;
    let name = family.name().strip_suffix("_total")?;
    let advice = format!("call it `{name}`, or make it a counter if it only goes up");
    Some(Rule::TotalSuffix.error(format!("{kind} with `_total`"), advice))
}

pub(super) fn reserved_suffix(family: &Family) -> Option<Finding> {
    // Without a type, it may be a part of one.
    family.kind().filter(|kind| *kind != Kind::Untyped)?;
    let suffixes = ["_bucket", "_sum", "_count"];
    let suffix = suffixes.into_iter().find(|suffix| family.name().ends_with(suffix))?;
    let problem = format!("`{suffix}` is what a part of a histogram ends in");
    Some(Rule::ReservedSuffix.warning(problem, "leave it to histograms and summaries"))
}

pub(super) fn style(family: &Family) -> Option<Finding> {
    if let Some((problem, advice)) = slip(family.name()) {
        return Some(Rule::NameStyle.warning(problem, advice));
    }
    let mut labels = family.samples().iter().flat_map(|sample| sample.labels().keys());
    // Two underscores in front are for another rule.
    let label = labels.find(|label| !label.starts_with("__") && slip(label).is_some())?;
    let problem = format!("label `{label}` is not in snake case");
    Some(Rule::NameStyle.warning(problem, "write it as `status_code`"))
}

fn slip(name: &str) -> Option<(&'static str, &'static str)> {
    let kinds = ["_counter", "_gauge", "_histogram", "_summary"];
    if name.contains(':') {
        Some(("colon in the name", "leave colons to recording rules"))
    } else if name.contains(|c: char| c.is_ascii_uppercase()) {
        Some(("name with capitals", "write it in snake case"))
    } else if name.contains("__") || name.starts_with('_') || name.ends_with('_') {
        Some(("name with an underscore too many", "write one between two words"))
    } else if kinds.iter().any(|kind| name.ends_with(kind)) {
        Some(("name that ends in a type", "leave the type to the TYPE line"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    /// Only of counters.
    #[test]
    fn a_counter_without_total_is_an_error() {
        let text =
            "# TYPE a counter\na 1\n# TYPE b_total counter\nb_total 1\n# TYPE c gauge\nc 1\n";
        assert_eq!(found(counter_suffix, text), ["error a: counter without `_total`"]);
    }

    /// What has no type may be a counter.
    #[test]
    fn total_on_anything_but_a_counter_is_an_error() {
        let text = "# TYPE a_total gauge\na_total 1\n# TYPE b_total counter\nb_total 1\n\
                    c_total 1\n# TYPE d_total histogram\n# TYPE e_total_bytes gauge\n# TYPE f_total untyped\n";
        let expected =
            ["error a_total: gauge with `_total`", "error d_total: histogram with `_total`"];
        assert_eq!(found(total_suffix, text), expected);
    }

    /// The parts themselves have no family of their own.
    #[test]
    fn the_suffixes_of_a_histogram_are_reserved() {
        let text = "# TYPE a_count gauge\na_count 1\n# TYPE h histogram\nh_count 1\nx_sum 1\n\
                    # TYPE counts gauge\n# TYPE y_sum untyped\n";
        let expected = ["warning a_count: `_count` is what a part of a histogram ends in"];
        assert_eq!(found(reserved_suffix, text), expected);
    }

    /// Of metrics and of labels.
    #[test]
    fn names_are_in_snake_case_without_a_type() {
        let text = "aB 1\nc__d 1\n_e 1\nf_ 1\ng:h 1\ni_gauge 1\nj{statusCode=\"1\"} 1\n\
                    k_2xx_total{status_code=\"1\",__l=\"1\"} 1\n";
        let expected = [
            "warning aB: name with capitals",
            "warning c__d: name with an underscore too many",
            "warning _e: name with an underscore too many",
            "warning f_: name with an underscore too many",
            "warning g:h: colon in the name",
            "warning i_gauge: name that ends in a type",
            "warning j: label `statusCode` is not in snake case",
        ];
        assert_eq!(found(style, text), expected);
    }
}
