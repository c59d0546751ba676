//! What a metric says about itself.

use super::others;
use crate::exposition::{Family, Fault, Kind};
use crate::{Finding, Rule};

pub(super) fn layout(family: &Family) -> Option<Finding> {
    // Prometheus itself reads what is only split.
    let worst = family.faults().iter().min_by_key(|(_, fault)| *fault == Fault::Split);
    let (line, fault) = worst?;
    let problem = match fault {
        Fault::SecondHelp => "a second HELP line",
        Fault::SecondType => "a second TYPE line",
        Fault::HelpAfterSamples => "HELP after samples",
        Fault::TypeAfterSamples => "TYPE after samples",
        Fault::Split => "lines of other metrics in between",
    };
    let problem = format!("{problem}{}", others(family.faults().len()));
    let advice = "write HELP, TYPE and all samples of a metric once, in one piece";
    let finding = match fault {
        Fault::Split => Rule::Layout.warning(problem, advice),
        _ => Rule::Layout.error(problem, advice),
    };
    Some(finding.at_line(*line))
}

pub(super) fn missing_help(family: &Family) -> Option<Finding> {
    let is_missing = family.help().is_none_or(|help| help.trim().is_empty());
    is_missing.then(|| Rule::MissingHelp.warning("no HELP", "say in a sentence what it counts"))
}

pub(super) fn missing_type(family: &Family) -> Option<Finding> {
    let problem = match family.kind() {
        None => "no TYPE",
        Some(Kind::Untyped) => "untyped",
        Some(_) => return None,
    };
    Some(Rule::MissingType.warning(problem, "declare it as counter, gauge or histogram"))
}

pub(super) fn summary(family: &Family) -> Option<Finding> {
    family.is(Kind::Summary).then(|| {
        let problem = "a summary, whose quantiles cannot be joined over processes or time";
        Rule::Summary.warning(problem, "make it a histogram, with buckets that fit")
    })
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    /// Every line is read, and the worst fault is told.
    #[test]
    fn a_text_in_disorder_is_found() {
        let text = "a 1\n# TYPE a gauge\nb 1\na{x=\"1\"} 1\n# TYPE c gauge\nb{x=\"1\"} 1\nc 1\n";
        let expected = [
            "error a: TYPE after samples, and 1 other",
            "warning b: lines of other metrics in between",
            "warning c: lines of other metrics in between",
        ];
        assert_eq!(found(layout, text), expected);
        let text = "# HELP a A.\n# TYPE a gauge\na 1\na{x=\"1\"} 1\n# TYPE b gauge\nb 1\n";
        assert_eq!(found(layout, text), [""; 0]);
    }

    /// An empty text helps nobody.
    #[test]
    fn a_metric_without_help_is_found() {
        let text = "# HELP a A.\na 1\n# HELP b\nb 1\nc 1\n";
        assert_eq!(found(missing_help, text), ["warning b: no HELP", "warning c: no HELP"]);
    }

    /// Prometheus takes the one for the other.
    #[test]
    fn a_metric_without_type_is_found() {
        let text = "# TYPE a gauge\na 1\n# TYPE b untyped\nb 1\nc 1\n";
        assert_eq!(found(missing_type, text), ["warning b: untyped", "warning c: no TYPE"]);
    }

    /// The guide: hardly ever, a histogram instead.
    #[test]
    fn a_summary_is_found() {
        let text = "# TYPE a summary\na{quantile=\"0.5\"} 1\n# TYPE b histogram\n";
        assert_eq!(found(summary, text).len(), 1);
    }
}
