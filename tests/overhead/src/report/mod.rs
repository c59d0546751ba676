//! What was measured: a line of JSON per result for tools, and tables for people.

mod table;
mod targets;

use serde_json::{Value, json};

use crate::stats::Quartiles;
use targets::Target;

/// One number about one variant.
#[derive(Clone, Debug)]
#[must_use = "a finding is of use only in a report"]
pub struct Finding {
    subject: Subject,
    variant: String,
    metric: &'static str,
    unit: &'static str,
    value: Quartiles,
    ratio: Option<f64>,
}

/// What a finding is about; findings of one subject stand in one table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subject {
    kind: &'static str,
    framework: &'static str,
    scene: String,
}

impl Finding {
    /// Begins a finding: what kind of measurement, of which framework, in which scene.
    pub fn new(kind: &'static str, framework: &'static str, scene: impl Into<String>) -> Self {
        Self {
            subject: Subject { kind, framework, scene: scene.into() },
            variant: String::new(),
            metric: "",
            unit: "",
            value: Quartiles::default(),
            ratio: None,
        }
    }

    /// Names the variant.
    pub fn of(mut self, variant: impl Into<String>) -> Self {
        self.variant = variant.into();
        self
    }

    /// Sets the number.
    pub fn with(mut self, metric: &'static str, value: Quartiles, unit: &'static str) -> Self {
        (self.metric, self.value, self.unit) = (metric, value, unit);
        self
    }

    /// Sets what the number is as a part of the reference's; infinite and undefined ones are left
    /// out. Defaults to none.
    pub fn with_ratio(mut self, ratio: f64) -> Self {
        self.ratio = Some(ratio).filter(|ratio| ratio.is_finite());
        self
    }

    fn target(&self) -> Option<&'static Target> {
        targets::of(self)
    }

    fn to_json(&self) -> Value {
        let Subject { kind, framework, scene } = &self.subject;
        let mut line = json!({
            "kind": kind,
            "framework": framework,
            "scene": scene,
            "variant": self.variant,
            "metric": self.metric,
            "median": self.value.median,
            "q1": self.value.lower,
            "q3": self.value.upper,
            "unit": self.unit,
        });
        if let Some(line) = line.as_object_mut() {
            let mut add = |key: &str, value: Value| line.insert(key.to_owned(), value);
            if let Some(ratio) = self.ratio {
                add("ratio", json!(ratio));
            }
            if let Some(target) = self.target() {
                add("target", json!(target.to_string()));
                add("meets_target", json!(target.is_met_by(self)));
            }
        }
        line
    }
}

/// Whom a report is printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Tables on stdout.
    Tables,
    /// Lines of JSON on stdout, as they come, and the tables on stderr.
    Json,
}

/// Collects findings and prints them.
#[derive(Debug)]
pub struct Report {
    format: Format,
    findings: Vec<Finding>,
}

impl Report {
    /// Creates an empty report.
    pub fn new(format: Format) -> Self {
        Self { format, findings: Vec::new() }
    }

    /// Adds a finding.
    #[expect(clippy::print_stdout, reason = "the results are what the program is run for")]
    pub fn add(&mut self, finding: Finding) {
        if self.format == Format::Json {
            println!("{}", finding.to_json());
        }
        self.findings.push(finding);
    }

    /// Prints the tables.
    #[expect(clippy::print_stdout, reason = "the results are what the program is run for")]
    pub fn finish(self) {
        let text = table::render(&self.findings);
        match self.format {
            Format::Tables => println!("{text}"),
            Format::Json => eprintln!("{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::OURS;

    fn finding() -> Finding {
        let value = Quartiles::of([1.0, 2.0, 3.0]);
        Finding::new("time", "axum", "one thread").of(OURS).with("added", value, "ns")
    }

    /// What tools read.
    #[test]
    fn a_line_names_the_subject_the_value_and_the_target() {
        assert_eq!(
            finding().with_ratio(0.5).to_json(),
            json!({
                "kind": "time", "framework": "axum", "scene": "one thread",
                "variant": "tower-metrics", "metric": "added", "unit": "ns",
                "median": 2.0, "q1": 1.5, "q3": 2.5, "ratio": 0.5,
                "target": "ratio ≤ 0.21", "meets_target": false,
            })
        );
    }

    /// JSON has no infinity.
    #[test]
    fn a_ratio_to_nothing_is_left_out() {
        assert_eq!(finding().with_ratio(1.0 / 0.0).to_json().get("ratio"), None);
        assert_eq!(finding().with_ratio(f64::NAN).to_json().get("ratio"), None);
    }

    /// What people read.
    #[test]
    fn a_table_has_a_line_for_each_variant_and_metric() {
        let bare = Finding::new("time", "axum", "one thread").of("bare");
        let bare = bare.with("total", Quartiles::exact(1234.5), "ns");
        let text = table::render(&[bare, finding().with_ratio(0.2)]);
        assert_eq!(
            text,
            "time · axum · one thread\n  \
             variant        metric  median  q1 … q3      unit  ratio  target\n  \
             bare           total   1234    1234 … 1234  ns\n  \
             tower-metrics  added   2.00    1.50 … 2.50  ns    0.200  ratio ≤ 0.21: met\n"
        );
    }
}
