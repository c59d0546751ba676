use super::*;

/// What is wrong, and where: the text that the error points to.
fn refused(arguments: &str, item: &str) -> (String, String) {
    let item: TokenStream = item.parse().unwrap();
    let (arguments, root) = (arguments.parse().unwrap(), parse_quote!(::a));
    let parsed = parse(arguments, item);
    let error = parsed.and_then(|(arguments, item)| timed(&arguments, item, &root)).unwrap_err();
    (error.to_string(), error.span().source_text().unwrap_or_default())
}

fn refused_on_function(arguments: &str) -> (String, String) {
    refused(arguments, "fn f() {}")
}

fn expanded(arguments: &str, item: &str) -> String {
    let root = parse_quote!(::root);
    let text = expand(arguments.parse().unwrap(), &item.parse().unwrap(), &root).to_string();
    text.replace(' ', "")
}

/// A typing error shall not silently leave something out.
#[test]
fn wrong_arguments_are_pointed_at() {
    for (arguments, message, place) in [
        ("nmae = \"a\"", "unknown argument `nmae`; expected `name`, `help`, ", "nmae"),
        ("\"a_seconds\"", "as in `name = \"…\"`", "\"a_seconds\""),
        ("name = \"a\", name = \"b\"", "`name` is given twice", "name"),
        ("name = \"a-b\"", "a metric's name must match [a-zA-Z_:]", "\"a-b\""),
        ("name = NAME", "a metric's name is a literal", "NAME"),
        ("outcome = true", "`outcome` takes no value", "="),
        ("buckets = []", "buckets need at least one edge", "[]"),
        ("buckets = [1, 0.5]", "the edges of buckets must ascend", "0.5"),
        ("buckets = [1, 1.0]", "the edges of buckets must ascend", "1.0"),
        ("buckets = [1e999]", "the edge of a bucket must be finite", "1e999"),
        ("buckets = [0.1, LAST]", "list numbers, or give a `Buckets`", "LAST"),
        ("labels(le = \"a\")", "this name is reserved for histograms", "le"),
        ("labels(__a = \"a\")", "reserved by Prometheus", "__a"),
        ("labels(größe = \"a\")", "a label's name must match", "größe"),
        ("labels(a = \"a\", r#a = \"b\")", "this label is given twice", "r#a"),
        ("labels(outcome = \"a\"), outcome", "`outcome` adds this label", "outcome"),
        ("labels(\"a\" = \"b\")", "a label's name has no quotes", "\"a\""),
        ("labels(a)", "expected `=`", ")"),
        ("help = \"a\" outcome", "expected `,`", "outcome"),
    ] {
        let (found, at) = refused_on_function(arguments);
        assert!(found.contains(message), "{arguments}: {found}");
        assert_eq!(at, place, "{arguments}");
    }
}

/// Not everything that the attribute can stand on can be timed.
#[test]
fn wrong_items_are_pointed_at() {
    for (item, message, place) in [
        ("const fn f() {}", "`#[timed]` cannot time a `const fn`", "const"),
        ("unsafe fn f() {}", "`#[timed]` cannot time an `unsafe fn`", "unsafe"),
        ("struct S;", "`#[timed]` needs a function with a body", "struct"),
        ("fn f();", "`#[timed]` needs a function with a body", ";"),
        ("fn größe() {}", "a metric cannot have the name of this function", "größe"),
    ] {
        let (found, at) = refused("", item);
        assert!(found.contains(message), "{item}: {found}");
        assert_eq!(at, place, "{item}");
    }
}

/// One error, and not one for each caller as well.
#[test]
fn a_function_stays_beside_the_error() {
    let text = expanded("nmae = \"a\"", "pub fn f() -> u8 { 7 }");
    assert!(text.contains("compile_error!"), "{text}");
    assert!(text.ends_with("pubfnf()->u8{7}"), "{text}");
}

/// A crate that was renamed, or is re-exported by another, can be named.
#[test]
fn the_expansion_names_the_crate_that_it_is_told() {
    let text = expanded("", "fn f() {}");
    assert!(text.contains("::root::timing::Durations::builder(\"f_duration_seconds\")"), "{text}");
    let text = expanded("crate = crate::own::metrics", "fn f() {}");
    assert!(text.contains("=crate::own::metrics::timing::expansion::Lazy"), "{text}");
    assert!(!text.contains("::root"), "{text}");
}

/// What is printed around the body belongs to the function still.
#[test]
fn attributes_and_signature_stay_as_they_are() {
    let text = expanded("", "#[inline] pub(crate) fn f<'a>(a: &'a str) -> u8 { #![allow(x)] 7 }");
    let start = "#[inline]pub(crate)fnf<'a>(a:&'astr)->u8{#![allow(x)]lettimer={";
    assert!(text.starts_with(start), "{text}");
    assert!(text.ends_with("let_timer=timer;7}"), "{text}");
}
