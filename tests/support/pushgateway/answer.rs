//! What a Pushgateway answers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Error;

/// A group: what was pushed under one grouping key.
#[derive(Debug, Clone)]
pub struct Group {
    labels: BTreeMap<String, String>,
    /// The whole object.
    answer: Value,
}

impl Group {
    /// Returns the grouping key, with the job's name under `job`.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// Returns whether the last push of the group was accepted.
    pub fn last_push_was_accepted(&self) -> bool {
        self.answer.get("last_push_successful") == Some(&Value::Bool(true))
    }

    /// Returns the type of a metric as the gateway spells it: `COUNTER`.
    pub fn kind(&self, metric: &str) -> Option<&str> {
        self.answer.get(metric)?.get("type")?.as_str()
    }

    /// Returns the value of a counter or a gauge, or the sum of a histogram, of the series that has
    /// these labels besides those of the group.
    pub fn value(&self, metric: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let series = self.series(metric, labels)?;
        series.get("value").or_else(|| series.get("sum"))?.as_str()?.parse().ok()
    }

    /// Returns the buckets of a histogram: how many samples there are up to each upper bound.
    pub fn buckets(&self, metric: &str, labels: &[(&str, &str)]) -> BTreeMap<String, u64> {
        let buckets = self.series(metric, labels).and_then(|series| series.get("buckets"));
        let buckets = buckets.and_then(Value::as_object).into_iter().flatten();
        let read = |count: &Value| count.as_str().and_then(|count| count.parse().ok());
        buckets.filter_map(|(bound, count)| Some((bound.clone(), read(count)?))).collect()
    }

    fn series(&self, metric: &str, labels: &[(&str, &str)]) -> Option<&Value> {
        self.answer.get(metric)?.get("metrics")?.as_array()?.iter().find(|series| {
            let own = series.get("labels").and_then(Value::as_object).into_iter().flatten();
            let mut own: Vec<(&str, &str)> = own
                .filter(|(name, _)| *name != "instance" && !self.labels.contains_key(*name))
                .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
                .collect();
            own.sort_unstable();
            let mut wanted = labels.to_vec();
            wanted.sort_unstable();
            own == wanted
        })
    }
}

/// Reads the answer to the question for all groups.
pub(super) fn groups(answer: &Value) -> Result<Vec<Group>, Error> {
    let groups = answer.get("data").and_then(Value::as_array);
    let groups = groups.and_then(|groups| groups.iter().map(group).collect());
    groups.ok_or_else(|| Error::Api { answer: answer.to_string() })
}

fn group(answer: &Value) -> Option<Group> {
    let labels = answer.get("labels")?.as_object()?.iter();
    let labels = labels.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some(Group { labels: labels.collect::<Option<_>>()?, answer: answer.clone() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The labels of the group are repeated in each series, and are not asked for.
    #[test]
    fn series_are_found_by_their_own_labels() {
        let answer = json!({ "status": "success", "data": [{
            "labels": { "job": "a" },
            "last_push_successful": true,
            "x_total": { "type": "COUNTER", "metrics": [
                { "labels": { "instance": "", "job": "a", "m": "1" }, "value": "2" },
                { "labels": { "instance": "", "job": "a" }, "value": "+Inf" },
            ] },
            "y_seconds": { "type": "HISTOGRAM", "metrics": [{
                "labels": { "instance": "", "job": "a" },
                "buckets": { "1": "3", "+Inf": "4" }, "count": "4", "sum": "6.5",
            }] },
        }] });
        let [group] = &groups(&answer).unwrap()[..] else { panic!("not one group") };
        assert_eq!(group.labels()["job"], "a");
        assert!(group.last_push_was_accepted());
        assert_eq!(group.kind("x_total"), Some("COUNTER"));
        assert_eq!(group.value("x_total", &[("m", "1")]), Some(2.0));
        assert_eq!(group.value("x_total", &[]), Some(f64::INFINITY));
        assert_eq!(group.value("x_total", &[("m", "2")]), None);
        assert_eq!(group.value("y_seconds", &[]), Some(6.5));
        let buckets = BTreeMap::from([("1".to_owned(), 3), ("+Inf".to_owned(), 4)]);
        assert_eq!(group.buckets("y_seconds", &[]), buckets);
    }

    /// Not as no groups.
    #[test]
    fn an_answer_of_another_shape_is_an_error() {
        assert!(matches!(groups(&json!({ "status": "error" })), Err(Error::Api { .. })));
    }
}
