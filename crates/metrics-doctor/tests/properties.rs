//! Whatever a server sends, it is read or refused.

use metrics_doctor::{Doctor, Exposition, Kind};
use proptest::prelude::*;

/// Pieces of lines, right and wrong, so that chance makes more than the first error of them.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "# HELP ",
        "# TYPE ",
        "a",
        "a_total",
        "h",
        "h_bucket",
        "h_count",
        "h_sum",
        " counter",
        " histogram",
        " summary",
        "{",
        "}",
        "le=\"1\"",
        "le=\"+Inf\"",
        "x=\"",
        "\"",
        ",",
        "\\",
        "ä",
        " ",
        "\t",
        "1",
        "-1",
        "NaN",
        "+Inf",
        "\n",
        "\n",
        "\n",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A line that is right by itself, which need not mean that it goes with the others.
fn lines() -> impl Strategy<Value = String> {
    let line = (
        prop::sample::select(vec![
            "a_total",
            "h_bucket",
            "h_sum",
            "h_count",
            "h",
            "http_requests_total",
        ]),
        prop::sample::select(vec![
            "",
            "{le=\"1\"}",
            "{le=\"+Inf\"}",
            "{le=\"a\"}",
            "{job=\"ä\",quantile=\"0.5\"}",
        ]),
        prop::sample::select(vec!["0", "1", "200", "NaN", "-Inf", "1 5"]),
    );
    let sample = line.prop_map(|(name, labels, value)| format!("{name}{labels} {value}\n"));
    let kind = (
        prop::sample::select(vec![
            "a_total",
            "h",
            "http_requests_total",
            "http_request_duration_seconds",
        ]),
        prop::sample::select(vec!["counter", "gauge", "histogram", "summary", "untyped"]),
    );
    let kind = kind.prop_map(|(name, kind)| format!("# TYPE {name} {kind}\n"));
    prop::collection::vec(prop_oneof![3 => sample, 1 => kind], 0..30).prop_map(|l| l.concat())
}

proptest! {
    /// And what is refused has a line that exists.
    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![pieces(), any::<String>()]) {
        match Exposition::parse(&text) {
            Ok(exposition) => drop(Doctor::new().examine(&exposition)),
            Err(error) => prop_assert!((1..=text.lines().count().max(1)).contains(&error.line())),
        }
    }

    /// However little the lines go together.
    #[test]
    fn well_formed_lines_are_examined_and_compared(before in lines(), after in lines()) {
        let [before, after] = [before, after].map(|text| Exposition::parse(&text));
        let (Ok(before), Ok(after)) = (before, after) else { panic!("refused") };
        let doctor = Doctor::new().with_max_series(3);
        doctor.examine(&before);
        doctor.compare(&before, &after);
    }

    /// As they were before they were written.
    #[test]
    fn labels_and_values_are_what_was_written(label in any::<String>(), value in any::<f64>()) {
        let written = label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let text = format!("# TYPE a gauge\na{{x=\"{written}\"}} {value}\n");
        let exposition = Exposition::parse(&text);
        prop_assert!(exposition.is_ok(), "{:?} {}", exposition, text);
        let exposition = exposition.unwrap();
        let [family] = exposition.families() else { panic!("{exposition:?}") };
        let [sample] = family.samples() else { panic!("{family:?}") };
        prop_assert_eq!(family.kind(), Some(Kind::Gauge));
        prop_assert_eq!(sample.label("x"), Some(&*label));
        prop_assert!(sample.value().total_cmp(&value).is_eq() || (sample.value().is_nan() && value.is_nan()));
    }
}
