//! What metrics and labels may be called.

/// Whether a metric may have this name, after Prometheus' [data model].
///
/// [data model]: https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels
pub(crate) fn is_metric(name: &str) -> bool {
    is_word(name, |c| c == ':')
}

/// What is wrong with the name of a label.
pub(crate) fn wrong_with_label(name: &str) -> Option<&'static str> {
    if !is_word(name, |_| false) {
        Some("a label's name must match [a-zA-Z_][a-zA-Z0-9_]*")
    } else if name.starts_with("__") {
        Some("names that begin with `__` are reserved by Prometheus")
    } else if name == "le" || name == "quantile" {
        Some("this name is reserved for histograms and summaries")
    } else {
        None
    }
}

fn is_word(name: &str, also: impl Fn(char) -> bool) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || also(c);
    name.chars().next().is_some_and(|c| !c.is_ascii_digit()) && name.chars().all(word)
}
