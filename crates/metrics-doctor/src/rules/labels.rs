//! Labels whose names mean something to Prometheus.

use crate::exposition::{Family, Kind, Sample, number};
use crate::{Finding, Rule};

pub(super) fn reserved(family: &Family) -> Option<Finding> {
    let misuse = |sample| Some((sample, misuse(family, sample)?));
    let (sample, problem) = family.samples().iter().find_map(misuse)?;
    let advice = "leave `le`, `quantile` and names with `__` in front to their own use";
    Some(Rule::ReservedLabel.error(format!("{problem}: {sample}"), advice).at(sample))
}

fn misuse(family: &Family, sample: &Sample) -> Option<&'static str> {
    if sample.labels().keys().any(|label| label.starts_with("__")) {
        return Some("a label that only Prometheus itself may have");
    }
    // A part of a histogram without a TYPE line may have them rightly.
    let kind = family.kind().filter(|kind| *kind != Kind::Untyped)?;
    let is_bucket = kind == Kind::Histogram && sample.name().ends_with("_bucket");
    let is_quantile = kind == Kind::Summary && sample.name() == family.name();
    let is_number = |text: &str| number(text).is_some_and(|number| !number.is_nan());
    match (sample.label("le"), sample.label("quantile")) {
        (None, _) if is_bucket => Some("a bucket without `le`"),
        (Some(le), _) if is_bucket && !is_number(le) => Some("a bucket whose `le` is no number"),
        (Some(_), _) if !is_bucket => Some("`le` on what is no bucket"),
        (_, None) if is_quantile => Some("a summary's sample without `quantile`"),
        (_, Some(q)) if is_quantile && !is_number(q) => Some("a `quantile` that is no number"),
        (_, Some(_)) if !is_quantile => Some("`quantile` on what is no summary"),
        _ => None,
    }
}

pub(super) fn of_target(family: &Family) -> Option<Finding> {
    let has = |label: &&str| family.samples().iter().any(|s| s.labels().contains_key(*label));
    let label = ["job", "instance"].iter().copied().find(has)?;
    let problem =
        format!("label `{label}`, which Prometheus sets, and so calls `exported_{label}`");
    let advice = "name it otherwise, or scrape with `honor_labels` as for a Pushgateway";
    Some(Rule::TargetLabel.warning(problem, advice))
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    /// Each of them breaks `histogram_quantile`, or the scrape.
    #[test]
    fn reserved_labels_are_for_their_own_use() {
        for (text, problem) in [
            ("# TYPE x gauge\nx{le=\"1\"} 1\n", "`le` on what is no bucket"),
            ("# TYPE x histogram\nx_count{le=\"1\"} 1\n", "`le` on what is no bucket"),
            ("# TYPE x histogram\nx_bucket 1\n", "a bucket without `le`"),
            ("# TYPE x histogram\nx_bucket{le=\"a\"} 1\n", "a bucket whose `le` is no number"),
            ("# TYPE x histogram\nx_bucket{le=\"NaN\"} 1\n", "a bucket whose `le` is no number"),
            ("# TYPE x gauge\nx{quantile=\"1\"} 1\n", "`quantile` on what is no summary"),
            ("# TYPE x summary\nx 1\n", "a summary's sample without `quantile`"),
            ("# TYPE x summary\nx{quantile=\"p99\"} 1\n", "a `quantile` that is no number"),
            ("x{__name__=\"y\"} 1\n", "a label that only Prometheus itself may have"),
        ] {
            let found = found(reserved, text);
            assert!(matches!(&*found, [one] if one.contains(problem)), "{text}{found:?}");
        }
        let text = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n\
                    # TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\nx_bucket{le=\"1\"} 1\n";
        assert_eq!(found(reserved, text), [""; 0]);
    }

    /// They would be renamed.
    #[test]
    fn labels_of_the_target_are_found() {
        let text = "a{x=\"1\"} 1\na{instance=\"1\"} 1\nb{jobs=\"1\"} 1\n";
        let problem = "label `instance`, which Prometheus sets, and so calls `exported_instance`";
        assert_eq!(found(of_target, text), [format!("warning a: {problem}")]);
    }
}
