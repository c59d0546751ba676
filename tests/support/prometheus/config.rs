//! What Prometheus is told to scrape.

use std::fmt::Write as _;

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

/// The whole configuration file.
pub(super) fn config_file(jobs: &[ScrapeJob]) -> String {
    let global = "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}";
    let jobs: String = jobs.iter().map(ScrapeJob::config).collect();
    format!("{global}\nscrape_configs:\n{jobs}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Extra lines stay with their job.
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
}
