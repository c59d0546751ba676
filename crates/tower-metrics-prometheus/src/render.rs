//! Joins the output of the stores into one text, in a stable order.

/// A metric family as its store rendered it.
struct Family<'a> {
    name: &'a str,
    text: &'a str,
}

/// Joins expositions: families by name, and within each the series by their labels.
pub(crate) fn join(texts: &[String]) -> String {
    let mut families: Vec<Family<'_>> = texts.iter().flat_map(|text| families(text)).collect();
    families.sort_unstable_by_key(|family| family.name);

    let mut output = String::with_capacity(texts.iter().map(String::len).sum());
    for family in families {
        write_sorted(&mut output, &family);
    }
    output
}

/// Splits an exposition at the blank line that the exporter puts behind each family.
fn families(text: &str) -> impl Iterator<Item = Family<'_>> {
    text.split("\n\n").filter_map(|text| {
        let kind = text.lines().find_map(|line| line.strip_prefix("# TYPE "))?;
        Some(Family { name: kind.split(' ').next()?, text })
    })
}

/// Writes a family: its comments, then its series in order.
fn write_sorted(output: &mut String, family: &Family<'_>) {
    let mut series = Vec::new();
    let mut rest = family.text;
    while !rest.is_empty() {
        let (first, behind) = split_series(rest, family.name);
        if first.starts_with('#') {
            push_line(output, first);
        } else {
            series.push(first);
        }
        rest = behind;
    }
    // Labels come before the value, and no two series have the same.
    series.sort_unstable();
    for lines in series {
        push_line(output, lines);
    }
}

/// Splits off the first line, or all lines of the first series if it is a histogram's.
fn split_series<'a>(text: &'a str, name: &str) -> (&'a str, &'a str) {
    let bucket = |line: &str| {
        line.strip_prefix(name).is_some_and(|rest| {
            rest.starts_with("_bucket{") || rest.starts_with("_sum{") || rest.starts_with("_sum ")
        })
    };
    let mut end = 0;
    loop {
        let line = text.get(end..).unwrap_or_default();
        let length = line.find('\n').unwrap_or(line.len());
        let next = text.len().min(end + length + 1);
        if !bucket(line) || next == text.len() {
            let first = text.get(..end + length).unwrap_or_default();
            return (first, text.get(next..).unwrap_or_default());
        }
        end = next;
    }
}

fn push_line(output: &mut String, line: &str) {
    output.push_str(line);
    output.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exporter's order is random; ours is by family, then by labels, histograms kept whole.
    #[test]
    fn families_and_series_come_in_order() {
        let one = "# HELP b_total B.\n# TYPE b_total counter\nb_total{x=\"2\"} 1\nb_total{x=\"10\"} 1\n\n";
        let two = "# TYPE a histogram\n\
                   a_bucket{x=\"2\",le=\"1\"} 0\na_bucket{x=\"2\",le=\"+Inf\"} 1\na_sum{x=\"2\"} 3\na_count{x=\"2\"} 1\n\
                   a_bucket{x=\"1\",le=\"1\"} 1\na_bucket{x=\"1\",le=\"+Inf\"} 1\na_sum{x=\"1\"} 0\na_count{x=\"1\"} 1\n\n\
                   # TYPE a_b gauge\na_b 1\n\n";
        let expected = "# TYPE a histogram\n\
                        a_bucket{x=\"1\",le=\"1\"} 1\na_bucket{x=\"1\",le=\"+Inf\"} 1\na_sum{x=\"1\"} 0\na_count{x=\"1\"} 1\n\
                        a_bucket{x=\"2\",le=\"1\"} 0\na_bucket{x=\"2\",le=\"+Inf\"} 1\na_sum{x=\"2\"} 3\na_count{x=\"2\"} 1\n\
                        # TYPE a_b gauge\na_b 1\n\
                        # HELP b_total B.\n# TYPE b_total counter\nb_total{x=\"10\"} 1\nb_total{x=\"2\"} 1\n";
        assert_eq!(join(&[one.to_owned(), two.to_owned()]), expected);
    }

    /// No metric, no text.
    #[test]
    fn nothing_recorded_renders_nothing() {
        assert_eq!(join(&[String::new(), String::new()]), "");
    }
}
