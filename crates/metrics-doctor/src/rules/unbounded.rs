//! Trap 1 of the guide: labels with values without end.

mod shape;

use std::collections::BTreeMap;

use self::shape::Shape;
use crate::exposition::{Family, Sample};
use crate::{Finding, Rule};

/// Labels that tell one request, session or client from another, by the guide and by what such
/// labels are usually called.
const ENDLESS: &[&str] = &[
    "account_id",
    "api_key",
    "client_ip",
    "correlation_id",
    "customer_id",
    "email",
    "ip",
    "ip_address",
    "order_id",
    "remote_addr",
    "remote_ip",
    "request_id",
    "session_id",
    "span_id",
    "timestamp",
    "trace_id",
    "transaction_id",
    "user_id",
];

/// Labels whose values look endless and are not: devices, builds, and what other rules check.
const BOUNDED: &[&str] = &[
    "commit",
    "device",
    "device_id",
    "gpu_id",
    "gpu_uuid",
    "instance",
    "job",
    "le",
    "quantile",
    "revision",
    "uuid",
    "version",
];

/// One finding for each label.
pub(super) fn labels(family: &Family) -> Vec<Finding> {
    // One series, whose labels are what it says.
    if family.name().ends_with("_info") {
        return Vec::new();
    }
    let mut labels: BTreeMap<&str, BTreeMap<&str, Option<Shape>>> = BTreeMap::new();
    for (label, value) in family.samples().iter().flat_map(Sample::labels) {
        let values = labels.entry(label).or_default();
        values.entry(value).or_insert_with(|| Shape::of(value));
    }
    labels.retain(|label, _| !is_in(BOUNDED, label));
    labels.iter().filter_map(|(label, values)| finding(label, values)).collect()
}

fn finding(label: &str, values: &BTreeMap<&str, Option<Shape>>) -> Option<Finding> {
    let advice = "leave it out, or bound it: a template for a path, a class for a number";
    // Whatever the values are by now.
    if is_in(ENDLESS, label) {
        let count = values.len();
        let problem = format!("label `{label}` has values without end ({count} by now)");
        return Some(Rule::UnboundedLabel.error(problem, advice));
    }
    let shaped = || values.iter().filter_map(|(value, shape)| Some((value, (*shape)?)));
    let (value, shape) = shaped().next()?;
    let problem = format!("label `{label}` has {shape} as value, `{}`", shown(value));
    Some(match shaped().count() {
        // It may be the only one there will ever be.
        1 => Rule::UnboundedLabel.warning(problem, advice),
        count => {
            let problem = format!("{problem}, and {} like it", count - 1);
            Rule::UnboundedLabel.error(problem, advice)
        }
    })
}

fn is_in(list: &[&str], label: &str) -> bool {
    list.iter().any(|name| name.eq_ignore_ascii_case(label))
}

/// As much of a value as fits into a line, without control characters.
fn shown(value: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = value.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if value.chars().count() > LONGEST {
        shown.push_str("..");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exposition;

    fn found(text: &str) -> Vec<String> {
        let exposition = Exposition::parse(text).unwrap();
        let findings = exposition.families().iter().flat_map(labels);
        findings.map(|finding| format!("{}: {}", finding.severity(), finding.problem())).collect()
    }

    /// The guide's own examples.
    #[test]
    fn a_label_that_tells_requests_apart_is_an_error() {
        for label in ["request_id", "user_id", "session_id", "ip_address"] {
            let expected = format!("error: label `{label}` has values without end (1 by now)");
            assert_eq!(found(&format!("a{{{label}=\"x\"}} 1\n")), [expected]);
        }
    }

    /// A second one says that it was not the only one.
    #[test]
    fn values_that_look_endless_are_found() {
        let one = "a{path=\"/predict/123\"} 1\n";
        let problem = "label `path` has a raw path as value, `/predict/123`";
        assert_eq!(found(one), [format!("warning: {problem}")]);
        let three = format!("{one}a{{path=\"/predict/456\"}} 1\na{{path=\"/predict/457\"}} 1\n");
        assert_eq!(found(&three), [format!("error: {problem}, and 2 like it")]);
    }

    /// Models, methods, templates, status codes, devices, builds.
    #[test]
    fn values_of_a_usual_service_are_fine() {
        let text = "\
            a{method=\"GET\",endpoint=\"/predict/{model_name}\",status_code=\"200\"} 1\n\
            a{method=\"_OTHER\",endpoint=\"unmatched\",status_code=\"404\"} 1\n\
            b{model_name=\"resnet50\",gpu_id=\"GPU-3b5a1c2e-0d5f-4b57-9a2e-7d2f5b1c9a10\"} 1\n\
            c_bucket{le=\"100000000\"} 1\n\
            build_info{sha=\"0123456789abcdef0123456789abcdef01234567\"} 1\n";
        assert_eq!(found(text), [""; 0]);
    }

    /// Nobody's terminal is filled.
    #[test]
    fn long_values_are_cut() {
        assert_eq!(shown("a\n"), "a\\n");
        assert_eq!(shown(&"ä".repeat(61)), "ä".repeat(60) + "..");
    }
}
