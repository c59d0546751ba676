//! What Prometheus answers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Error;

/// One series of an answer, at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// The labels, with the name of the metric under `__name__`.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// How the last scrape of a target went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The job's name.
    pub job: String,
    /// `up`, `down`, or `unknown` before the first scrape.
    pub health: String,
    /// Why the last scrape failed, or nothing.
    pub last_error: String,
}

/// Takes the wrapping off an answer.
pub(super) fn data(answer: &Value) -> Result<&Value, Error> {
    let is_success = answer.get("status").and_then(Value::as_str) == Some("success");
    let data = if is_success { answer.get("data") } else { None };
    data.ok_or_else(|| unexpected(answer))
}

/// Reads the answer to a query.
pub(super) fn samples(data: &Value) -> Result<Vec<Sample>, Error> {
    let result = data.get("result").ok_or_else(|| unexpected(data))?;
    let samples = match data.get("resultType").and_then(Value::as_str) {
        Some("vector") => {
            result.as_array().and_then(|series| series.iter().map(series_sample).collect())
        }
        Some("scalar") => {
            sample_value(result).map(|value| vec![Sample { labels: BTreeMap::new(), value }])
        }
        _ => None,
    };
    samples.ok_or_else(|| unexpected(data))
}

/// The value, if there is just one sample.
pub(super) fn only(samples: &[Sample]) -> Option<f64> {
    if let [sample] = samples { Some(sample.value) } else { None }
}

fn series_sample(series: &Value) -> Option<Sample> {
    let labels = series.get("metric")?.as_object()?.iter();
    let labels = labels.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some(Sample {
        labels: labels.collect::<Option<_>>()?,
        value: sample_value(series.get("value")?)?,
    })
}

/// Reads `[time, "value"]`; the value is text because JSON has no infinity.
fn sample_value(pair: &Value) -> Option<f64> {
    pair.get(1)?.as_str()?.parse().ok()
}

/// Reads the answer to the question for targets.
pub(super) fn targets(data: &Value) -> Result<Vec<Target>, Error> {
    let targets = data.get("activeTargets").and_then(Value::as_array);
    let targets = targets.and_then(|targets| targets.iter().map(target).collect());
    targets.ok_or_else(|| unexpected(data))
}

fn target(target: &Value) -> Option<Target> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Target {
        job: text(target.get("labels")?.get("job")?)?,
        health: text(target.get("health")?)?,
        last_error: text(target.get("lastError")?)?,
    })
}

fn unexpected(answer: &Value) -> Error {
    Error::Api { answer: answer.to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Values are text, because JSON has no infinity.
    #[test]
    fn vectors_and_scalars_are_read() {
        let vector = json!({
            "resultType": "vector",
            "result": [{ "metric": { "a": "b" }, "value": [1.5, "+Inf"] }],
        });
        let expected = Sample {
            labels: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
            value: f64::INFINITY,
        };
        assert_eq!(samples(&vector).unwrap(), [expected]);
        let scalar = json!({ "resultType": "scalar", "result": [1, "2"] });
        assert_eq!(samples(&scalar).unwrap(), [Sample { labels: BTreeMap::new(), value: 2.0 }]);
    }

    /// A query that lacks its function fails the test.
    #[test]
    fn a_range_is_not_mistaken_for_samples() {
        let matrix = json!({ "resultType": "matrix", "result": [] });
        assert!(matches!(samples(&matrix), Err(Error::Api { .. })));
    }

    /// What Prometheus says of a mistake is kept.
    #[test]
    fn a_refusal_is_returned_whole() {
        let error = data(&json!({ "status": "error", "error": "parse error" })).unwrap_err();
        assert!(error.to_string().contains("parse error"), "{error}");
    }
}
