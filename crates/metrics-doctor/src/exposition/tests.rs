//! What the format can say, one rejection per rule, and what is left to the rules.

use super::*;

/// The line and the kind of the error.
fn rejection(text: &str) -> (usize, ParseErrorKind) {
    let error = Exposition::parse(text).unwrap_err();
    (error.line(), error.kind().clone())
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
        seen_total{by=\"a \\\"b\\\" \\\\ \\n {c}\",of=\"=,\"} 2.5e3 1700000000000\n\
        seen_total{by=\"\\\\\",} +Inf -1\n";
    let scrape = Exposition::parse(text).unwrap();
    let [up, seen] = scrape.families() else { panic!("{scrape:?}") };
    assert_eq!((up.name(), up.kind(), up.line()), ("up", Some(Kind::Gauge), 2));
    assert_eq!(up.help(), Some("Whether it is \\ up,\nor \"down\"."));
    assert_eq!((seen.name(), seen.kind(), seen.help()), ("seen_total", Some(Kind::Counter), None));
    let [first, second] = seen.samples() else { panic!("{seen:?}") };
    assert_eq!(first.label("by"), Some("a \"b\" \\ \n {c}"));
    assert_eq!((first.label("of"), first.line()), (Some("=,"), 7));
    assert_eq!((first.value(), first.timestamp()), (2500.0, Some(1_700_000_000_000)));
    assert_eq!(second.label("by"), Some("\\"));
    assert_eq!((second.value(), second.timestamp()), (f64::INFINITY, Some(-1)));
    assert_eq!(first.to_string(), r#"seen_total{by="a \"b\" \\ \n {c}",of="=,"}"#);
    assert_eq!(scrape.samples().count(), 3);
}

/// Blanks and tabs are free, also where nobody expects them.
#[test]
fn tokens_are_separated_by_any_number_of_blanks() {
    let text =
        " #  HELP\tx   a  text \n#TYPE x\t gauge \n\tx  { a = \"1\" , b=\"2\" }\t3\t 4 \nx{}5\n";
    let scrape = Exposition::parse(text).unwrap();
    let [x] = scrape.families() else { panic!("{scrape:?}") };
    assert_eq!((x.help(), x.kind()), (Some("a  text"), Some(Kind::Gauge)));
    let samples: Vec<_> =
        x.samples().iter().map(|s| (s.to_string(), s.value(), s.timestamp())).collect();
    let first = (r#"x{a="1",b="2"}"#.to_owned(), 3.0, Some(4));
    assert_eq!(samples, [first, ("x".to_owned(), 5.0, None)]);
}

/// As Go writes and reads them.
#[test]
fn numbers_are_read_as_prometheus_reads_them() {
    for (text, value) in [
        ("0", 0.0),
        ("-1.5", -1.5),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("+Inf", f64::INFINITY),
        ("inf", f64::INFINITY),
        ("-Inf", f64::NEG_INFINITY),
    ] {
        assert_eq!(number(text), Some(value), "{text}");
    }
    assert!(number("NaN").unwrap().is_nan());
    for text in ["", "-NaN", "0x1p3", "1_000", "1,5", "one", "1\r"] {
        assert_eq!(number(text), None, "{text}");
    }
}

/// Parts of histograms and summaries, and of nothing else; a metric of that very name comes first.
#[test]
fn samples_belong_to_the_family_that_has_such_parts() {
    let text = "\
        # TYPE h histogram\n\
        h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n\
        # TYPE s summary\n\
        s{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\ns_bucket 1\n\
        # TYPE c counter\n\
        c_count 1\n\
        # TYPE h_max histogram\n\
        # TYPE h_max_count gauge\n\
        h_max_count 1\n";
    let scrape = Exposition::parse(text).unwrap();
    let families: Vec<_> =
        scrape.families().iter().map(|f| (f.name(), f.samples().len())).collect();
    let expected = [
        ("h", 3),
        ("s", 3),
        ("s_bucket", 1),
        ("c", 0),
        ("c_count", 1),
        ("h_max", 0),
        ("h_max_count", 1),
    ];
    assert_eq!(families, expected);
}

/// They are read all the same, and noted for the rules.
#[test]
fn faults_of_the_layout_are_kept_with_their_lines() {
    let text = "\
        h_bucket{le=\"+Inf\"} 1\n\
        # TYPE h histogram\n\
        # HELP h A.\n\
        up 1\n\
        # HELP h B.\n\
        # TYPE h gauge\n";
    let scrape = Exposition::parse(text).unwrap();
    let h = scrape.family("h").unwrap();
    assert_eq!((h.kind(), h.help()), (Some(Kind::Histogram), Some("A.")));
    let faults = [
        (2, Fault::TypeAfterSamples),
        (3, Fault::HelpAfterSamples),
        (5, Fault::Split),
        (5, Fault::SecondHelp),
        (6, Fault::SecondType),
    ];
    assert_eq!(h.faults(), faults);
    assert_eq!(scrape.family("up").unwrap().faults(), []);
}

/// A service without metrics is well formed.
#[test]
fn the_empty_text_has_no_families() {
    assert_eq!(Exposition::parse("").unwrap().families(), []);
}

/// One for each kind, named with its line.
#[test]
fn what_the_format_does_not_allow_is_rejected() {
    let owned = str::to_owned;
    for (line, kind) in [
        ("# HELP", ParseErrorKind::MalformedComment),
        ("# TYPE x", ParseErrorKind::MalformedComment),
        ("# TYPE x gauge gauge", ParseErrorKind::TrailingText(owned("gauge"))),
        ("# TYPE x info", ParseErrorKind::UnknownType(owned("info"))),
        ("# HELP 1x Text.", ParseErrorKind::BadMetricName(owned("1x"))),
        ("# HELP x a\\\"b", ParseErrorKind::BadEscape),
        ("x.y 1", ParseErrorKind::BadMetricName(owned("x.y"))),
        ("{} 1", ParseErrorKind::BadMetricName(owned(""))),
        ("x", ParseErrorKind::MissingValue),
        ("x{}", ParseErrorKind::MissingValue),
        ("x one", ParseErrorKind::BadValue(owned("one"))),
        ("x 1 now", ParseErrorKind::BadTimestamp(owned("now"))),
        ("x 1 1.5", ParseErrorKind::BadTimestamp(owned("1.5"))),
        ("x 1 1 # {} 1", ParseErrorKind::TrailingText(owned("# {} 1"))),
        ("x{a} 1", ParseErrorKind::MalformedLabels),
        ("x{a=b} 1", ParseErrorKind::MalformedLabels),
        ("x{a=\"b} 1", ParseErrorKind::MalformedLabels),
        ("x{a=\"b\" 1", ParseErrorKind::MalformedLabels),
        ("x{a=\"b\"c=\"d\"} 1", ParseErrorKind::MalformedLabels),
        ("x{,} 1", ParseErrorKind::MalformedLabels),
        ("x{a:b=\"c\"} 1", ParseErrorKind::BadLabelName(owned("a:b"))),
        ("x{1=\"c\"} 1", ParseErrorKind::BadLabelName(owned("1"))),
        ("x{a=\"\\d\"} 1", ParseErrorKind::BadEscape),
        ("x{a=\"1\",a=\"2\"} 1", ParseErrorKind::DuplicateLabel(owned("a"))),
    ] {
        assert_eq!(rejection(&format!("up 1\n{line}\nup 2\n")), (2, kind), "{line}");
    }
    assert_eq!(rejection("up 1\nup 2"), (2, ParseErrorKind::MissingFinalNewline));
}

/// What a server sends does not move somebody's cursor.
#[test]
fn control_characters_are_not_shown() {
    let error = Exposition::parse("x \u{1b}[2J\n").unwrap_err();
    assert_eq!(error.to_string(), "line 1: `\\u{1b}[2J` is no number");
}
