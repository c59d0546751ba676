//! Which rules are applied, and to what.

use crate::exposition::Exposition;
use crate::{Finding, Rule, growth, rules};

/// Checks an exposition against every [`Rule`].
///
/// See the [crate docs](crate).
#[derive(Clone, Debug)]
pub struct Doctor {
    max_series: usize,
    allowed: Vec<Allowance>,
}

/// A rule that may be broken.
#[derive(Clone, Debug)]
struct Allowance {
    rule: Rule,
    /// By this metric only.
    metric: Option<String>,
}

impl Doctor {
    /// Creates a doctor that allows nothing.
    pub fn new() -> Self {
        Self { max_series: 1_000, allowed: Vec::new() }
    }

    /// Sets from how many series on a metric has too many, each bucket of a histogram being one.
    ///
    /// Defaults to 1 000: as many are still fine.
    #[must_use]
    pub fn with_max_series(mut self, max_series: usize) -> Self {
        self.max_series = max_series;
        self
    }

    /// Allows a rule to be broken by anything.
    ///
    /// Defaults to none.
    #[must_use]
    pub fn with_allowed(mut self, rule: Rule) -> Self {
        self.allowed.push(Allowance { rule, metric: None });
        self
    }

    /// Allows a rule to be broken by one metric.
    ///
    /// Defaults to none.
    #[must_use]
    pub fn with_allowed_for(mut self, rule: Rule, metric: &str) -> Self {
        self.allowed.push(Allowance { rule, metric: Some(metric.to_owned()) });
        self
    }

    /// Returns what is wrong with one scrape, the worst first.
    pub fn examine(&self, exposition: &Exposition) -> Vec<Finding> {
        self.sorted(rules::findings(exposition, self.max_series))
    }

    /// Returns what is wrong with the way from one scrape to a later one, the worst first.
    ///
    /// It says nothing of the two by themselves.
    pub fn compare(&self, before: &Exposition, after: &Exposition) -> Vec<Finding> {
        self.sorted(growth::findings(before, after))
    }

    /// Returns what is wrong with the `Content-Type` of the answer, if anything is.
    pub fn examine_content_type(&self, content_type: Option<&str>) -> Option<Finding> {
        let finding = rules::content_type(content_type)?;
        (!self.allows(&finding)).then_some(finding)
    }

    fn sorted(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        findings.retain(|finding| !self.allows(finding));
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity()), finding.line()));
        findings
    }

    fn allows(&self, finding: &Finding) -> bool {
        self.allowed.iter().any(|allowance| {
            let is_any = allowance.metric.is_none();
            allowance.rule == finding.rule()
                && (is_any || allowance.metric.as_deref() == finding.metric())
        })
    }
}

impl Default for Doctor {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    const TEXT: &str = "# HELP a_ms A.\n# TYPE a_ms counter\na_ms 1\n\
                        # HELP b B.\n# TYPE b counter\nb{job=\"x\"} 1\n";

    fn found(doctor: &Doctor) -> Vec<(Severity, String)> {
        let findings = doctor.examine(&Exposition::parse(TEXT).unwrap());
        let short = |f: &Finding| format!("{} {}", f.rule(), f.metric().unwrap_or_default());
        findings.iter().map(|finding| (finding.severity(), short(finding))).collect()
    }

    /// What to mend first comes first.
    #[test]
    fn errors_come_before_warnings_in_the_order_of_the_text() {
        let error = |text: &str| (Severity::Error, text.to_owned());
        let expected = [
            error("counter-suffix a_ms"),
            error("unit a_ms"),
            error("counter-suffix b"),
            (Severity::Warning, "target-label b".to_owned()),
        ];
        assert_eq!(found(&Doctor::new()), expected);
    }

    /// A team can live with what it knows, for one metric or for all.
    #[test]
    fn what_is_allowed_is_not_found() {
        let doctor = Doctor::new().with_allowed(Rule::CounterSuffix);
        assert_eq!(found(&doctor).len(), 2);
        let doctor = Doctor::new().with_allowed_for(Rule::CounterSuffix, "b");
        assert_eq!(found(&doctor).len(), 3);
        assert!(found(&doctor).iter().all(|(_, short)| short != "counter-suffix b"));
        let json = Some("application/json");
        assert!(Doctor::new().examine_content_type(json).is_some());
        let doctor = Doctor::new().with_allowed(Rule::ContentType);
        assert_eq!(doctor.examine_content_type(json), None);
    }
}
