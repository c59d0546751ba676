//! One rejection per rule, and what must not be rejected.

use super::*;

/// The line and the kind of the error.
fn rejection(text: &str) -> (usize, ErrorKind) {
    let error = Exposition::parse(text).unwrap_err();
    (error.line(), error.kind().clone())
}

/// The error of a line between a TYPE line and the end.
fn rejected_sample(line: &str) -> ErrorKind {
    let (number, kind) = rejection(&format!("# TYPE x gauge\n{line}\n"));
    assert_eq!(number, 2, "{kind}");
    kind
}

fn owned(text: &str) -> String {
    text.to_owned()
}

/// Everything the format can say, with every escape.
#[test]
fn families_are_read_in_order_with_all_they_say() {
    let text = "\
        # a comment\n\
        # HELP up Whether it is \\\\ up,\\nor \"down\".\n\
        # TYPE up gauge\n\
        up 1\n\
        \n\
        # TYPE seen_total counter\n\
        seen_total{by=\"a \\\"b\\\" \\\\ \\n {c}\",of=\"=,\"} 2.5e3\n\
        seen_total{by=\"\"} +Inf\n";
    let scrape = Exposition::parse(text).unwrap();
    let [up, seen] = scrape.families() else { panic!("{scrape:?}") };
    assert_eq!((up.name(), up.kind()), ("up", Kind::Gauge));
    assert_eq!(up.help(), Some("Whether it is \\ up,\nor \"down\"."));
    assert_eq!((seen.name(), seen.kind(), seen.help()), ("seen_total", Kind::Counter, None));
    let [first, second] = seen.samples() else { panic!("{seen:?}") };
    assert_eq!(first.labels().get("by").unwrap(), "a \"b\" \\ \n {c}");
    assert_eq!((first.name(), first.value()), ("seen_total", 2500.0));
    assert!(second.value().is_infinite());
    assert_eq!(scrape.series_count(), 3);
}

/// A service without metrics is valid.
#[test]
fn the_empty_text_has_no_families() {
    assert_eq!(Exposition::parse("").unwrap().families(), []);
}

/// A sum over nothing is no number, so that a missing series is not taken for 0.
#[test]
fn values_need_all_labels_and_sums_only_some() {
    let text =
        "# TYPE x counter\nx{a=\"1\",b=\"1\"} 1\nx{a=\"1\",b=\"2\"} 2\nx{a=\"2\",b=\"1\"} 4\n";
    let scrape = Exposition::parse(text).unwrap();
    assert_eq!(scrape.value("x", &[("b", "2"), ("a", "1")]), Some(2.0));
    assert_eq!(scrape.value("x", &[("a", "1")]), None);
    assert_eq!(scrape.value("x", &[]), None);
    assert_eq!(scrape.sum("x", &[("a", "1")]), Some(3.0));
    assert_eq!(scrape.sum("x", &[]), Some(7.0));
    assert_eq!(scrape.sum("x", &[("a", "3")]), None);
}

/// The Pushgateway refuses a text without, and a cut-off text has none.
#[test]
fn the_text_must_end_with_a_line_feed() {
    assert_eq!(rejection("# TYPE x gauge\nx 1"), (2, ErrorKind::MissingFinalNewline));
}

/// In HELP, TYPE and samples; the colon is allowed.
#[test]
fn metric_names_are_checked_wherever_they_stand() {
    for text in ["# HELP 1x Text.\n", "# TYPE 1x gauge\n", "1x 1\n", "1x{a=\"b\"} 1\n"] {
        assert_eq!(rejection(text), (1, ErrorKind::BadMetricName(owned("1x"))));
    }
    assert_eq!(rejection("x.y 1\n"), (1, ErrorKind::BadMetricName(owned("x.y"))));
    assert_eq!(rejection(" 1\n"), (1, ErrorKind::BadMetricName(owned(""))));
    Exposition::parse("# TYPE a:b_1 gauge\na:b_1 1\n").unwrap();
}

/// No colon here, and no leading pair of underscores.
#[test]
fn label_names_are_checked() {
    for name in ["", "1a", "a-b", "a:b", "é", "__name__", " a"] {
        let kind = rejected_sample(&format!("x{{{name}=\"v\"}} 1"));
        assert_eq!(kind, ErrorKind::BadLabelName(owned(name)));
    }
}

/// A quote is escaped in label values only.
#[test]
fn backslashes_stand_only_before_what_needs_them() {
    assert_eq!(rejected_sample(r#"x{a="\t"} 1"#), ErrorKind::BadEscape);
    assert_eq!(rejection("# HELP x a \\\"quoted\\\" word\n"), (1, ErrorKind::BadEscape));
    assert_eq!(rejection("# HELP x at the end \\\n"), (1, ErrorKind::BadEscape));
}

/// Unclosed braces and quotes, missing blanks, tabs, a comma too many.
#[test]
fn lines_of_another_shape_are_rejected() {
    for line in [
        "x",
        "x{a=\"b\"}",
        "x{a=\"b\"}1",
        "x{a=\"b\"",
        "x{a=\"b\" 1",
        "x{a=\"b\\\"} 1",
        "x{a=b} 1",
        "x{a} 1",
        "x{a=\"b\",} 1",
        "x{a=\"b\"c=\"d\"} 1",
        "x\t1",
    ] {
        assert_eq!(rejected_sample(line), ErrorKind::Malformed, "{line}");
    }
    assert_eq!(rejection("# TYPE x\n"), (1, ErrorKind::Malformed));
}

/// Other spellings of infinity are Rust's, not the format's.
#[test]
fn values_are_numbers_as_the_format_writes_them() {
    for value in
        ["", "one", "inf", "nan", "infinity", "Inf", "1_000", "0x10", "1\r", "e5", "1e", "-"]
    {
        assert_eq!(rejected_sample(&format!("x {value}")), ErrorKind::BadValue(owned(value)));
    }
    for value in ["0", "-1", "+1", "1.5", ".5", "1e-3", "1E+3", "NaN", "+Inf", "-Inf"] {
        Exposition::parse(&format!("# TYPE x gauge\nx {value}\n")).unwrap();
    }
}

/// A scrape target leaves the time to the scraper.
#[test]
fn timestamps_are_rejected() {
    assert_eq!(rejected_sample("x 1 1700000000000"), ErrorKind::Timestamp);
}

/// What `OpenMetrics` adds is not in this format.
#[test]
fn types_are_those_of_the_format() {
    assert_eq!(rejection("# TYPE x info\n"), (1, ErrorKind::UnknownType(owned("info"))));
    assert_eq!(rejection("# TYPE x gauge \n"), (1, ErrorKind::UnknownType(owned("gauge "))));
}

/// Which of two would a reader take?
#[test]
fn a_label_comes_once() {
    let kind = rejected_sample("x{a=\"1\",a=\"2\"} 1");
    assert_eq!(kind, ErrorKind::DuplicateLabel(owned("a")));
}

/// Prometheus silently keeps one of two samples.
#[test]
fn a_series_comes_once_whatever_the_order_of_its_labels() {
    let text = "# TYPE x gauge\nx{a=\"1\",b=\"2\"} 1\nx{b=\"2\",a=\"1\"} 1\n";
    assert_eq!(rejection(text), (3, ErrorKind::DuplicateSeries(owned("x{a=\"1\",b=\"2\"}"))));
}

/// Even where both say the same.
#[test]
fn help_and_type_come_once() {
    let help = "# HELP x A.\n# HELP x A.\n";
    assert_eq!(rejection(help), (2, ErrorKind::DuplicateHelp(owned("x"))));
    let kind = "# TYPE x gauge\nx 1\n# TYPE x gauge\n";
    assert_eq!(rejection(kind), (3, ErrorKind::DuplicateType(owned("x"))));
}

/// A reader in one pass would have taken the samples for untyped ones.
#[test]
fn help_and_type_come_before_the_samples() {
    let help = "# TYPE x gauge\nx 1\n# HELP x Late.\n";
    assert_eq!(rejection(help), (3, ErrorKind::HelpAfterSamples(owned("x"))));
    let kind = "x 1\n# TYPE x gauge\n";
    assert_eq!(rejection(kind), (2, ErrorKind::TypeAfterSamples(owned("x"))));
}

/// Prometheus would store such a sample; nobody could say what it means.
#[test]
fn every_family_has_a_type() {
    assert_eq!(rejection("x 1\n"), (1, ErrorKind::MissingType(owned("x"))));
    let other = "# TYPE x gauge\nx 1\ny 1\nz 1\n";
    assert_eq!(rejection(other), (3, ErrorKind::MissingType(owned("y"))));
    assert_eq!(rejection("# HELP x Text.\n"), (1, ErrorKind::MissingType(owned("x"))));
}

/// Neither samples nor comments nor parts of a histogram may come later.
#[test]
fn a_family_is_in_one_piece() {
    let apart = ErrorKind::NotContiguous(owned("x"));
    let start = "# TYPE x gauge\nx{a=\"1\"} 1\n# TYPE y gauge\ny 1\n";
    for line in ["x{a=\"2\"} 1\n", "# TYPE x gauge\n", "# HELP x Text.\n"] {
        assert_eq!(rejection(&format!("{start}{line}")), (5, apart.clone()));
    }
    let part = format!("{}# TYPE y gauge\nx_count{{a=\"1\"}} 1\n", histogram(&[]));
    assert_eq!(rejection(&part).1, apart);
}

/// It counts.
#[test]
fn a_counter_is_at_least_zero() {
    for value in ["-1", "NaN"] {
        let text = format!("# TYPE x counter\nx {value}\n");
        assert_eq!(rejection(&text), (2, ErrorKind::BadCounter(owned("x"))));
    }
}

/// A valid histogram, with some lines replaced or, by nothing, removed.
fn histogram(changes: &[(&str, &str)]) -> String {
    let mut text = owned(
        "# TYPE x histogram\n\
         x_bucket{le=\"0.1\"} 1\n\
         x_bucket{le=\"2\"} 3\n\
         x_bucket{le=\"+Inf\"} 4\n\
         x_sum 9.5\n\
         x_count 4\n",
    );
    for (line, replacement) in changes {
        assert!(text.contains(line), "{line}");
        text = text.replace(line, replacement);
    }
    text
}

/// The bounds are kept as they are written.
#[test]
fn a_histogram_is_read_with_its_bounds() {
    let scrape = Exposition::parse(&histogram(&[])).unwrap();
    assert_eq!(scrape.family("x").unwrap().samples().len(), 5);
    assert_eq!(scrape.buckets("x", &[]), [("0.1", 1.0), ("2", 3.0), ("+Inf", 4.0)]);
    assert_eq!(scrape.buckets("x", &[("a", "b")]), []);
    assert_eq!(scrape.value("x_count", &[]), Some(4.0));
}

/// Otherwise quantiles are nonsense.
#[test]
fn histogram_buckets_ascend_and_are_cumulative() {
    let unsorted = histogram(&[("le=\"2\"", "le=\"0.05\"")]);
    let second = owned("x_bucket{le=\"0.05\"}");
    assert_eq!(rejection(&unsorted), (3, ErrorKind::UnsortedBuckets(second)));
    let shrinking = histogram(&[("le=\"2\"} 3", "le=\"2\"} 0")]);
    let second = owned("x_bucket{le=\"2\"}");
    assert_eq!(rejection(&shrinking), (3, ErrorKind::NotCumulative(second)));
}

/// A bucket that no bound delimits counts nothing.
#[test]
fn histogram_bounds_are_numbers() {
    for bound in ["big", "NaN"] {
        let text = histogram(&[("le=\"2\"", &format!("le=\"{bound}\""))]);
        let series = format!("x_bucket{{le=\"{bound}\"}}");
        assert_eq!(rejection(&text), (3, ErrorKind::BadBound(series)));
    }
}

/// Quantiles need the first, averages the others.
#[test]
fn a_histogram_has_an_infinite_bucket_a_sum_and_a_count() {
    let first = "x_bucket{le=\"0.1\"}";
    let without = |line| rejection(&histogram(&[(line, "")]));
    let infinity = ErrorKind::MissingInfinity(owned(first));
    assert_eq!(without("x_bucket{le=\"+Inf\"} 4\n"), (2, infinity));
    assert_eq!(without("x_sum 9.5\n"), (2, ErrorKind::MissingSum(owned(first))));
    assert_eq!(without("x_count 4\n"), (2, ErrorKind::MissingCount(owned(first))));
}

/// Both count every observation.
#[test]
fn the_count_of_a_histogram_is_that_of_its_infinite_bucket() {
    let text = histogram(&[("x_count 4", "x_count 5")]);
    assert_eq!(rejection(&text), (6, ErrorKind::CountMismatch(owned("x_count"))));
}

/// A complete series does not cover for an incomplete one.
#[test]
fn each_label_set_of_a_histogram_is_checked_alone() {
    let text =
        format!("{}x_bucket{{a=\"b\",le=\"+Inf\"}} 1\nx_count{{a=\"b\"}} 1\n", histogram(&[]));
    let series = owned("x_bucket{a=\"b\",le=\"+Inf\"}");
    assert_eq!(rejection(&text), (7, ErrorKind::MissingSum(series)));
}

/// Both would be invisible to every query over buckets.
#[test]
fn a_histogram_has_no_sample_of_its_own_name_and_no_bucket_without_bound() {
    for line in ["x", "x_bucket"] {
        let text = format!("{}{line} 1\n", histogram(&[]));
        assert_eq!(rejection(&text), (7, ErrorKind::UnexpectedSample(owned(line))));
    }
}

/// Summaries are read, so that a test can say that there is none.
#[test]
fn a_summary_has_quantiles_a_sum_and_a_count() {
    let summary = "# TYPE x summary\nx{quantile=\"0.5\"} 1\nx_sum 9.5\nx_count 4\n";
    let scrape = Exposition::parse(summary).unwrap();
    assert_eq!(scrape.family("x").unwrap().kind(), Kind::Summary);
    let series = owned("x{quantile=\"0.5\"}");
    let text = summary.replace("x_sum 9.5\n", "");
    assert_eq!(rejection(&text), (2, ErrorKind::MissingSum(series)));
    let text = summary.replace("{quantile=\"0.5\"}", "");
    assert_eq!(rejection(&text), (2, ErrorKind::UnexpectedSample(owned("x"))));
}
