//! Whether the buckets of a histogram fit.

use super::histogram::{Series, series};
use crate::exposition::Family;
use crate::{Finding, Rule};

/// Fewer say little about how they are spread.
const ENOUGH_SAMPLES: f64 = 100.0;

/// The part of the samples that is too much for one bucket.
const TOO_MUCH: f64 = 0.9;

/// Trap 3 of the guide: every quantile is a guess within one bucket.
pub(super) fn fit(family: &Family) -> Option<Finding> {
    let series = series(family);
    let crowded = series.iter().filter_map(Crowd::of);
    let worst = crowded.max_by(|one, other| one.samples.total_cmp(&other.samples))?;
    let Crowd { part, samples, between } = worst;
    let problem = format!("{:.1} % of {samples} samples {between}", part * 100.0);
    let advice = "set the buckets' edges closer together there, and fewer elsewhere";
    Some(Rule::BucketFit.warning(problem, advice))
}

/// Most samples of a series, in one bucket.
struct Crowd {
    part: f64,
    samples: f64,
    /// Where they are.
    between: String,
}

impl Crowd {
    fn of(series: &Series<'_>) -> Option<Self> {
        let samples = series.count().filter(|count| *count >= ENOUGH_SAMPLES)?;
        let mut lower: Option<(&str, f64)> = None;
        for (bound, bucket) in &series.buckets {
            let (edge, below) =
                (bucket.label("le").unwrap_or_default(), lower.map_or(0.0, |l| l.1));
            let part = (bucket.value() - below) / samples;
            if part > TOO_MUCH {
                let between = match lower {
                    None if bound.is_infinite() => "in the only bucket".to_owned(),
                    None => format!("at most {edge}, the first edge"),
                    Some((lower, _)) if bound.is_infinite() => {
                        format!("above {lower}, the last edge")
                    }
                    Some((lower, _)) => format!("between the edges {lower} and {edge}"),
                };
                return Some(Self { part, samples, between });
            }
            lower = Some((edge, bucket.value()));
        }
        None
    }
}

/// The guide: 8 to 16.
pub(super) fn count(family: &Family) -> Option<Finding> {
    let series = series(family);
    let finite = |series: &Series<'_>| series.buckets.iter().filter(|(b, _)| b.is_finite()).count();
    let count = series.iter().map(finite).max()?;
    let problem = format!("{count} buckets besides `+Inf`");
    match count {
        0..5 => {
            let advice = "have 8 to 16: with so few, a quantile is a guess";
            Some(Rule::BucketCount.warning(problem, advice))
        }
        21.. => {
            let advice = "have 8 to 16: each is a series for every set of labels";
            Some(Rule::BucketCount.warning(problem, advice))
        }
        5..8 | 17..21 => Some(Rule::BucketCount.note(problem, "8 to 16 are usual")),
        8..17 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;
    use std::fmt::Write as _;

    /// A histogram with these cumulative counts, at the edges 1, 2, and so on up to `+Inf`.
    fn histogram(counts: &[u32]) -> String {
        let mut text = "# TYPE h histogram\n".to_owned();
        for (edge, count) in (1..).zip(counts) {
            let edge = if edge == counts.len() { "+Inf".to_owned() } else { edge.to_string() };
            writeln!(text, "h_bucket{{le=\"{edge}\"}} {count}").unwrap();
        }
        writeln!(text, "h_sum 1\nh_count {}", counts.last().unwrap()).unwrap();
        text
    }

    /// Wherever they are, and only where there are enough of them.
    #[test]
    fn nearly_all_samples_in_one_bucket_are_found() {
        for (counts, problem) in [
            ([4, 99, 100], "95.0 % of 100 samples between the edges 1 and 2"),
            ([91, 99, 100], "91.0 % of 100 samples at most 1, the first edge"),
            ([1, 9, 1000], "99.1 % of 1000 samples above 2, the last edge"),
        ] {
            assert_eq!(found(fit, &histogram(&counts)), [format!("warning h: {problem}")]);
        }
        assert_eq!(found(fit, &histogram(&[200])).len(), 1);
        for counts in [[0, 99, 99], [90, 95, 100], [5, 95, 100], [0, 0, 0]] {
            assert_eq!(found(fit, &histogram(&counts)), [""; 0], "{counts:?}");
        }
    }

    /// Few samples of one series do not hide the many of another.
    #[test]
    fn the_series_with_the_most_samples_is_told() {
        let series = |label: &str, counts: &[u32]| {
            let text = histogram(counts);
            let text = text.replace("{le", &format!("{{a=\"{label}\",le"));
            text.replace("h_count", &format!("h_count{{a=\"{label}\"}}"))
        };
        let text = series("1", &[100, 100]) + &series("2", &[500, 500]) + &series("3", &[10, 900]);
        let found = found(fit, &text.replace("h_sum 1\n", ""));
        assert_eq!(found, ["warning h: 98.9 % of 900 samples above 1, the last edge"]);
    }

    /// The guide's range is fine, what is near it worth a note.
    #[test]
    fn too_few_and_too_many_buckets_are_found() {
        for (finite, severity) in [
            (0, "warning"),
            (4, "warning"),
            (5, "note"),
            (7, "note"),
            (17, "note"),
            (20, "note"),
            (21, "warning"),
        ] {
            let expected = format!("{severity} h: {finite} buckets besides `+Inf`");
            assert_eq!(found(count, &histogram(&vec![0; finite + 1])), [expected]);
        }
        for finite in [8, 16] {
            assert_eq!(found(count, &histogram(&vec![0; finite + 1])), [""; 0]);
        }
        assert_eq!(found(count, "# TYPE g gauge\ng 1\n# TYPE h histogram\n"), [""; 0]);
    }
}
