//! A real Prometheus, for as long as a test needs it.
//!
//! ```no_run
//! # async fn example() -> Result<(), tower_metrics_tests::Error> {
//! use tower_metrics_tests::prometheus::{Prometheus, ScrapeJob};
//!
//! let jobs = [ScrapeJob::new("inference", "127.0.0.1:8000")];
//! let prometheus = Prometheus::start(&jobs).await?;
//! let up = prometheus.query(r#"up{job="inference"}"#).await?;
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;
use crate::{Error, http};

/// Long enough for a start on a busy machine; a start that fails is noticed at once.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a start is repeated with another port.
const ATTEMPTS: usize = 5;

/// Something that Prometheus scrapes once a second.
#[derive(Debug, Clone)]
pub struct ScrapeJob {
    name: String,
    address: String,
    yaml: String,
}

impl ScrapeJob {
    /// Creates a job that scrapes `/metrics` at `address`, a host with a port.
    pub fn new(name: &str, address: &str) -> Self {
        Self { name: name.to_owned(), address: address.to_owned(), yaml: String::new() }
    }

    /// Adds a line to the job's configuration, such as `honor_labels: true`.
    #[must_use]
    pub fn with_yaml(mut self, line: &str) -> Self {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.yaml, "    {line}");
        self
    }

    fn config(&self) -> String {
        let Self { name, address, yaml } = self;
        format!("  - job_name: {name}\n    static_configs: [{{targets: ['{address}']}}]\n{yaml}")
    }
}

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

/// A running Prometheus; dropping it stops it and removes its data.
#[derive(Debug)]
pub struct Prometheus {
    url: String,
    // Before the folder, because fields are dropped in order and a running server holds files.
    process: Process,
    _data: TempDir,
}

impl Prometheus {
    /// Starts a server on a free loopback port and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`Error::Program`] if Prometheus is not installed, [`Error::Ended`] if it rejects the
    /// configuration, [`Error::TimedOut`] if it is not ready in time.
    pub async fn start(jobs: &[ScrapeJob]) -> Result<Self, Error> {
        let mut attempt = 1;
        loop {
            match Self::start_once(jobs).await {
                // Somebody took the port between the look for a free one and its use.
                Err(Error::Ended { output, .. })
                    if output.contains("address already in use") && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    async fn start_once(jobs: &[ScrapeJob]) -> Result<Self, Error> {
        let data = TempDir::new()?;
        let config = data.path().join("prometheus.yml");
        fs::write(&config, config_file(jobs))?;
        let address = free_address()?;
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"));
        let process = Process::start(command)?;
        // Its own word rather than a request: at a port that was lost, another server answers.
        process.wait_for_line(|line| line.contains("Server is ready"), START_TIMEOUT).await?;
        Ok(Self { url: format!("http://{address}"), process, _data: data })
    }

    /// Returns the URL of the server, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns what the server has printed so far.
    pub fn log(&self) -> Vec<String> {
        self.process.output()
    }

    /// Evaluates an expression now.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] if Prometheus refuses the expression, or its value is a range or a string.
    pub async fn query(&self, promql: &str) -> Result<Vec<Sample>, Error> {
        samples(&self.api(&format!("query?query={}", percent_encoded(promql))).await?)
    }

    /// Evaluates an expression at a moment, in seconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// Those of [`query`](Self::query).
    pub async fn query_at(&self, promql: &str, seconds: f64) -> Result<Vec<Sample>, Error> {
        let query = percent_encoded(promql);
        samples(&self.api(&format!("query?query={query}&time={seconds}")).await?)
    }

    /// Evaluates an expression now and returns its value if it is one sample.
    ///
    /// # Errors
    ///
    /// Those of [`query`](Self::query).
    pub async fn value(&self, promql: &str) -> Result<Option<f64>, Error> {
        self.query(promql).await.map(|samples| only(&samples))
    }

    /// Evaluates an expression at a moment, in seconds since the Unix epoch, and returns its value
    /// if it is one sample.
    ///
    /// # Errors
    ///
    /// Those of [`query`](Self::query).
    pub async fn value_at(&self, promql: &str, seconds: f64) -> Result<Option<f64>, Error> {
        self.query_at(promql, seconds).await.map(|samples| only(&samples))
    }

    /// Returns the state of every target.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] if the answer has no targets.
    pub async fn targets(&self) -> Result<Vec<Target>, Error> {
        let data = self.api("targets").await?;
        let targets = data.get("activeTargets").and_then(Value::as_array);
        let targets = targets.ok_or_else(|| unexpected(&data))?.iter().map(target);
        targets.collect::<Option<_>>().ok_or_else(|| unexpected(&data))
    }

    async fn api(&self, path: &str) -> Result<Value, Error> {
        let answer = http::get(&format!("{}/api/v1/{path}", self.url)).await?.json()?;
        if answer.get("status").and_then(Value::as_str) == Some("success") {
            answer.get("data").cloned().ok_or_else(|| unexpected(&answer))
        } else {
            Err(unexpected(&answer))
        }
    }
}

fn config_file(jobs: &[ScrapeJob]) -> String {
    let global = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}";
    let jobs: String = jobs.iter().map(ScrapeJob::config).collect();
    format!("{global}\nscrape_configs:\n{jobs}")
}

/// An address that nobody listens on at this moment.
fn free_address() -> Result<String, Error> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn samples(data: &Value) -> Result<Vec<Sample>, Error> {
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

fn only(samples: &[Sample]) -> Option<f64> {
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

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        // Writing to a `String` cannot fail.
        let _ = if byte.is_ascii_alphanumeric() {
            write!(encoded, "{}", char::from(byte))
        } else {
            write!(encoded, "%{byte:02X}")
        };
    }
    encoded
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_job_is_configured_with_its_extra_lines() {
        let plain = ScrapeJob::new("a", "127.0.0.1:1");
        let extra = ScrapeJob::new("b", "127.0.0.1:2").with_yaml("honor_labels: true");
        assert_eq!(
            config_file(&[plain, extra]).lines().skip(1).collect::<Vec<_>>(),
            [
                "scrape_configs:",
                "  - job_name: a",
                "    static_configs: [{targets: ['127.0.0.1:1']}]",
                "  - job_name: b",
                "    static_configs: [{targets: ['127.0.0.1:2']}]",
                "    honor_labels: true",
            ]
        );
    }

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

    #[test]
    fn a_range_is_not_mistaken_for_samples() {
        let matrix = json!({ "resultType": "matrix", "result": [] });
        assert!(matches!(samples(&matrix), Err(Error::Api { .. })));
    }

    #[test]
    fn queries_survive_their_url() {
        assert_eq!(percent_encoded(r#"a{b="c d"}[1m]"#), "a%7Bb%3D%22c%20d%22%7D%5B1m%5D");
    }
}

#[cfg(all(test, feature = "external-servers"))]
mod server_tests {
    use super::*;
    use crate::poll::wait_until;

    const SOON: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_server_scrapes_its_jobs_and_answers() {
        let nobody = free_address().unwrap();
        let other = Prometheus::start(&[]).await.unwrap();
        let address = other.url().trim_start_matches("http://");
        let jobs = [ScrapeJob::new("other", address), ScrapeJob::new("nobody", &nobody)];
        let prometheus = Prometheus::start(&jobs).await.unwrap();

        let targets = wait_until("scrape of both targets", SOON, async || {
            let targets = prometheus.targets().await.unwrap();
            targets.iter().all(|target| target.health != "unknown").then_some(targets)
        });
        for target in targets.await.unwrap() {
            match target.job.as_str() {
                "other" => assert_eq!((&*target.health, &*target.last_error), ("up", "")),
                _ => assert!(target.health == "down" && target.last_error.contains("refused")),
            }
        }
        // The samples of a scrape can be asked for a moment after its result is known.
        let up = wait_until("sample of both targets", SOON, async || {
            let samples = prometheus.query("up").await.unwrap();
            (samples.len() == 2).then_some(samples)
        });
        for sample in up.await.unwrap() {
            let expected = if sample.labels["job"] == "other" { "1" } else { "0" };
            assert_eq!(sample.value.to_string(), expected);
        }
        assert_eq!(prometheus.query_at("up", 0.0).await.unwrap(), []);
        assert_eq!(prometheus.value("1/0").await.unwrap(), Some(f64::INFINITY));
    }

    #[tokio::test]
    async fn a_bad_query_and_a_bad_configuration_are_reported() {
        let prometheus = Prometheus::start(&[]).await.unwrap();
        let error = prometheus.query("sum(").await.unwrap_err();
        assert!(error.to_string().contains("parse error"), "{error}");

        let bad = ScrapeJob::new("a", "127.0.0.1:1").with_yaml("no_such_option: 1");
        let error = Prometheus::start(&[bad]).await.unwrap_err();
        assert!(error.to_string().contains("no_such_option"), "{error}");
    }
}
