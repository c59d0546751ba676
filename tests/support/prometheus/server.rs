//! The server: its start, its end, and what it can be asked.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::{Sample, ScrapeJob, Target, answer, config};
use crate::process::Process;
use crate::{Error, http, port};

/// Long enough for a start on a busy machine; a start that fails is noticed at once.
const START_TIMEOUT: Duration = Duration::from_secs(60);

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
        port::start_at_free_address(async |address| Self::start_at(address, jobs).await).await
    }

    async fn start_at(address: &str, jobs: &[ScrapeJob]) -> Result<Self, Error> {
        let data = TempDir::new()?;
        let config = data.path().join("prometheus.yml");
        fs::write(&config, config::config_file(jobs))?;
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
        let path = format!("query?query={}", percent_encoded(promql));
        answer::samples(answer::data(&self.api(&path).await?)?)
    }

    /// Evaluates an expression at a moment, in seconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// Those of [`query`](Self::query).
    pub async fn query_at(&self, promql: &str, seconds: f64) -> Result<Vec<Sample>, Error> {
        let path = format!("query?query={}&time={seconds}", percent_encoded(promql));
        answer::samples(answer::data(&self.api(&path).await?)?)
    }

    /// Evaluates an expression now and returns its value if it is one sample.
    ///
    /// # Errors
    ///
    /// Those of [`query`](Self::query).
    pub async fn value(&self, promql: &str) -> Result<Option<f64>, Error> {
        self.query(promql).await.map(|samples| answer::only(&samples))
    }

    /// Evaluates an expression at a moment, in seconds since the Unix epoch, and returns its value
    /// if it is one sample.
    ///
    /// # Errors
    ///
    /// Those of [`query`](Self::query).
    pub async fn value_at(&self, promql: &str, seconds: f64) -> Result<Option<f64>, Error> {
        self.query_at(promql, seconds).await.map(|samples| answer::only(&samples))
    }

    /// Returns the state of every target.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] if the answer has no targets.
    pub async fn targets(&self) -> Result<Vec<Target>, Error> {
        answer::targets(answer::data(&self.api("targets").await?)?)
    }

    async fn api(&self, path: &str) -> Result<Value, Error> {
        http::get(&format!("{}/api/v1/{path}", self.url)).await?.json()
    }
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
    use super::*;

    /// Braces, quotes and blanks mean something in a URL.
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

    /// One target is up and one is down, and the queries agree.
    #[tokio::test]
    async fn a_server_scrapes_its_jobs_and_answers() {
        let other = Prometheus::start(&[]).await.unwrap();
        let address = other.url().trim_start_matches("http://");
        let jobs = [ScrapeJob::new("other", address), ScrapeJob::new("nobody", "127.0.0.1:1")];
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

    /// Both say what is wrong in Prometheus' own words.
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
