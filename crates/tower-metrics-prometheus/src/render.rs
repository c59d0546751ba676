//! Joins the counters and gauges of the exporter below with histograms, in a stable order.

use std::borrow::Cow;

/// A metric family as it is rendered.
struct Family<'a> {
    name: &'a str,
    text: Cow<'a, str>,
}

/// Joins an exposition of counters and gauges with histograms, given by name: families by name,
/// series by their labels.
pub(crate) fn join(below: &str, histograms: Vec<(&str, String)>) -> String {
    // The exporter puts a blank line behind each family.
    let mut families: Vec<Family<'_>> = below.split("\n\n").filter_map(sorted).collect();
    families
        .extend(histograms.into_iter().map(|(name, text)| Family { name, text: Cow::Owned(text) }));
    families.sort_unstable_by_key(|family| family.name);

    let mut output = String::with_capacity(families.iter().map(|family| family.text.len()).sum());
    for family in families {
        output.push_str(&family.text);
    }
    output
}

/// A family of counters or gauges with its series in order; the exporter's is random.
fn sorted(text: &str) -> Option<Family<'_>> {
    let kind = text.lines().find_map(|line| line.strip_prefix("# TYPE "))?;
    let mut lines: Vec<&str> = text.lines().collect();
    // Comments come first, `HELP` before `TYPE`; then labels before values, and no two series have
    // the same.
    lines.sort_unstable_by_key(|line| (!line.starts_with("# "), *line));
    let mut sorted = lines.join("\n");
    sorted.push('\n');
    Some(Family { name: kind.split(' ').next()?, text: Cow::Owned(sorted) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exporter's order is random; ours is by family, then by labels.
    #[test]
    fn families_and_series_come_in_order() {
        let below = "# HELP c_total C.\n# TYPE c_total counter\nc_total{x=\"2\"} 1\nc_total{x=\"10\"} 1\n\n\
                     # TYPE a_b gauge\na_b 1\n\n";
        let histogram = "# TYPE b histogram\nb_bucket{le=\"+Inf\"} 0\nb_sum 0\nb_count 0\n";
        assert_eq!(
            join(below, vec![("b", histogram.to_owned())]),
            format!(
                "# TYPE a_b gauge\na_b 1\n{histogram}\
                 # HELP c_total C.\n# TYPE c_total counter\nc_total{{x=\"10\"}} 1\nc_total{{x=\"2\"}} 1\n"
            )
        );
    }

    /// No metric, no text.
    #[test]
    fn nothing_recorded_renders_nothing() {
        assert_eq!(join("", Vec::new()), "");
    }
}
