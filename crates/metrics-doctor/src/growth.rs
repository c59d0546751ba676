//! What two scrapes show that one does not.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::exposition::{Exposition, Family, Kind, Labels, Sample};
use crate::{Finding, Rule};

/// From so many new series on, it is more than a route that had its first request.
const MANY: usize = 10;

/// Everything that is wrong with the way from one scrape to a later one.
pub(crate) fn findings(before: &Exposition, after: &Exposition) -> Vec<Finding> {
    let restart = Restart::between(before, after);
    let mut findings = Vec::new();
    for family in after.families() {
        if let Some(earlier) = before.family(family.name()) {
            findings.extend(decreased(earlier, family, restart).map(|f| f.on(family)));
            findings.extend(growth(earlier, family).map(|finding| finding.on(family)));
        }
    }
    findings
}

/// Whether the process is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restart {
    Yes,
    No,
    Unknown,
}

impl Restart {
    fn between(before: &Exposition, after: &Exposition) -> Self {
        let start = |exposition: &Exposition| {
            let family = exposition.family("process_start_time_seconds")?;
            family.samples().first().map(Sample::value)
        };
        match (start(before), start(after)) {
            (Some(one), Some(other)) if one.total_cmp(&other).is_eq() => Self::No,
            (Some(_), Some(_)) => Self::Yes,
            _ => Self::Unknown,
        }
    }
}

fn decreased(before: &Family, after: &Family, restart: Restart) -> Option<Finding> {
    let earlier: HashMap<_, _> = before.samples().iter().map(|s| (key(s), s.value())).collect();
    let has_decreased = |sample: &&Sample| {
        only_goes_up(after, sample)
            && earlier.get(&key(sample)).is_some_and(|value| sample.value() < *value)
    };
    let sample = after.samples().iter().find(has_decreased)?;
    let was = earlier.get(&key(sample))?;
    let problem = format!("from {was} down to {}: {sample}", sample.value());
    let finding = match restart {
        Restart::Yes => return None,
        Restart::No => {
            Rule::Decreased.error(problem, "let counters only go up, or make it a gauge")
        }
        Restart::Unknown => {
            Rule::Decreased.warning(problem, "let it only go up, unless the service was restarted")
        }
    };
    Some(finding.at(sample))
}

fn only_goes_up(family: &Family, sample: &Sample) -> bool {
    match family.kind() {
        Some(Kind::Counter) => true,
        // A sum may hold samples below zero.
        Some(Kind::Histogram) => !sample.name().ends_with("_sum"),
        Some(Kind::Summary) => sample.name().ends_with("_count"),
        _ => false,
    }
}

fn growth(before: &Family, after: &Family) -> Option<Finding> {
    let earlier: HashSet<_> = before.samples().iter().map(key).collect();
    let new: Vec<_> = after.samples().iter().filter(|s| !earlier.contains(&key(s))).collect();
    let sample = new.first()?;
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (label, value) in new.iter().flat_map(|sample| sample.labels()) {
        if label != "le" {
            values.entry(label).or_default().insert(value);
        }
    }
    let widest = values.iter().max_by_key(|(_, values)| values.len());
    let widest = widest.filter(|(_, values)| values.len() > 1);
    let widest = widest.map(|(label, values)| format!(", {} values of `{label}`", values.len()));
    let problem = format!("{} new series{}", new.len(), widest.unwrap_or_default());
    let sets: HashSet<Labels> = new.iter().map(|sample| without_bound(sample)).collect();
    let finding = if sets.len() < MANY {
        Rule::Growth.note(problem, "look again: it should come to an end")
    } else {
        Rule::Growth.warning(problem, "see whether the label has values without end")
    };
    Some(finding.at(sample))
}

fn key(sample: &Sample) -> (&str, &Labels) {
    (sample.name(), sample.labels())
}

fn without_bound(sample: &Sample) -> Labels {
    let mut labels = sample.labels().clone();
    labels.remove("le");
    labels
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn found(before: &str, after: &str) -> Vec<String> {
        let [before, after] = [before, after].map(|text| Exposition::parse(text).unwrap());
        let shown = |finding: Finding| finding.to_string().split(';').next().unwrap().to_owned();
        findings(&before, &after).into_iter().map(shown).collect()
    }

    const START: &str = "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 5\n";

    /// Gauges do it all the time.
    #[test]
    fn a_counter_that_goes_down_is_an_error() {
        let before = "# TYPE a_total counter\na_total 3\n# TYPE b gauge\nb 3\n\
                      # TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_sum 3\nh_count 3\n";
        assert_eq!(found(before, before), [""; 0]);
        assert_eq!(found(before, &before.replace('3', "4")), [""; 0]);
        assert_eq!(found(before, &before.replace("sum 3", "sum 2")), [""; 0]);
        let [before, after] = [before.to_owned(), before.replace('3', "2")].map(|t| t + START);
        let expected = [
            "error[decreased]: a_total: from 3 down to 2: a_total",
            "error[decreased]: h: from 3 down to 2: h_bucket{le=\"1\"}",
        ];
        assert_eq!(found(&before, &after), expected);
    }

    /// Which only the process itself knows.
    #[test]
    fn a_restart_is_no_error() {
        let [before, after] =
            ["# TYPE a_total counter\na_total 3\n", "# TYPE a_total counter\na_total 0\n"];
        let expected = ["warning[decreased]: a_total: from 3 down to 0: a_total"];
        assert_eq!(found(before, after), expected);
        let later = START.replace('5', "6");
        assert_eq!(found(&format!("{before}{START}"), &format!("{after}{later}")), [""; 0]);
    }

    /// A few come with first requests, many with ids.
    #[test]
    fn series_that_are_new_are_found() {
        let series = |count: usize| {
            let mut text = "# TYPE a_total counter\n".to_owned();
            for value in 0..count {
                writeln!(text, "a_total{{x=\"{value}\",y=\"0\"}} 1").unwrap();
            }
            text
        };
        assert_eq!(found(&series(3), &series(3)), [""; 0]);
        assert_eq!(found(&series(3), &series(2)), [""; 0]);
        assert_eq!(found(&series(3), &series(4)), ["note[growth]: a_total: 1 new series"]);
        let expected = ["warning[growth]: a_total: 10 new series, 10 values of `x`"];
        assert_eq!(found(&series(3), &series(13)), expected);
    }

    /// A histogram is one, however many buckets it has.
    #[test]
    fn buckets_are_not_taken_for_growth() {
        let before = "# TYPE h histogram\nh_count{x=\"0\"} 1\n";
        let mut after = before.to_owned();
        for le in 0..20 {
            writeln!(after, "h_bucket{{x=\"1\",le=\"{le}\"}} 1").unwrap();
        }
        assert_eq!(found(before, &after), ["note[growth]: h: 20 new series"]);
    }
}
