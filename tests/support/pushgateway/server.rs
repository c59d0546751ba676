//! The server: its start, its end, and what it can be asked.

use std::fs;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Group, answer};
use crate::process::Process;
use crate::{Error, http, port};

/// Long enough for a start on a busy machine; a start that fails is noticed at once.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running Pushgateway, which keeps what it gets in memory; dropping it stops it.
#[derive(Debug)]
pub struct Pushgateway {
    address: String,
    // Before the folder, because fields are dropped in order and a running server holds files.
    process: Process,
    _config: TempDir,
}

impl Pushgateway {
    /// Starts a gateway on a free loopback port and waits until it listens.
    ///
    /// # Errors
    ///
    /// [`Error::Program`] if the gateway is not installed, [`Error::TimedOut`] if it does not
    /// listen in time.
    pub async fn start() -> Result<Self, Error> {
        Self::start_with_web_config("").await
    }

    /// Starts a gateway with this file for `--web.config.file`: YAML with users, or TLS.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start), and [`Error::Ended`] if the gateway rejects the file.
    pub async fn start_with_web_config(yaml: &str) -> Result<Self, Error> {
        port::start_at_free_address(async |address| Self::start_once(address, yaml).await).await
    }

    /// Starts a gateway at an address, host and port, where one has been.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start), and [`Error::Ended`] if the port is in use.
    pub async fn start_at(address: &str) -> Result<Self, Error> {
        Self::start_once(address, "").await
    }

    async fn start_once(address: &str, yaml: &str) -> Result<Self, Error> {
        let config = TempDir::new()?;
        let file = config.path().join("web.yml");
        fs::write(&file, yaml)?;
        let mut command = Command::new("prometheus-pushgateway");
        command
            .arg(format!("--web.config.file={}", file.display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--persistence.file=");
        let process = Process::start(command)?;
        // Its own word rather than a request: at a port that was lost, another server answers. The
        // line on TLS comes after the port was taken and the file was read.
        process.wait_for_line(|line| line.contains("TLS is "), START_TIMEOUT).await?;
        Ok(Self { address: address.to_owned(), process, _config: config })
    }

    /// Returns host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the URL of the gateway, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what the gateway has printed so far.
    pub fn log(&self) -> Vec<String> {
        self.process.output()
    }

    /// Returns all groups that the gateway has.
    ///
    /// # Errors
    ///
    /// [`Error::Api`] if the answer is none of its own.
    pub async fn groups(&self) -> Result<Vec<Group>, Error> {
        answer::groups(&http::get(&format!("{}/api/v1/metrics", self.url())).await?.json()?)
    }

    /// Returns the group of a job that has no other grouping labels.
    ///
    /// # Errors
    ///
    /// Those of [`groups`](Self::groups).
    pub async fn job(&self, job: &str) -> Result<Option<Group>, Error> {
        let is_wanted = |group: &Group| {
            group.labels().len() == 1 && group.labels().get("job").is_some_and(|name| name == job)
        };
        Ok(self.groups().await?.into_iter().find(is_wanted))
    }
}
