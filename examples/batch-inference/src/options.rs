//! The command line.

use std::path::PathBuf;

use clap::{Parser, builder::PossibleValuesParser};
use inference_model::OfflineModel;
use tower_metrics::{BatchJob, inference::BatchJobError, push::PushGateway};

/// What the job is told on its command line.
#[derive(Debug, Parser)]
#[command(about)]
pub(crate) struct Options {
    /// JSON lines, each as `{"input": "a photo of a cat"}`; an example unless given.
    pub(crate) file: Option<PathBuf>,

    /// The model to run.
    #[arg(long, value_name = "NAME", default_value = "resnet50")]
    #[arg(value_parser = PossibleValuesParser::new(OfflineModel::names()))]
    pub(crate) model: String,

    /// Pushes to the Pushgateway at this URL; without it, the metrics are printed.
    #[arg(long, env = "PUSHGATEWAY_URL", hide_env_values = true, value_name = "URL")]
    gateway: Option<String>,

    /// The name under which the Pushgateway keeps the metrics; `batch_inference_MODEL` unless given.
    #[arg(long, value_name = "NAME", requires = "gateway")]
    job: Option<String>,
}

impl Options {
    /// Whether the metrics are pushed, and not printed.
    pub(crate) fn pushes(&self) -> bool {
        self.gateway.is_some()
    }

    /// Begins the job; says now, and not when the job ends, that it could not be pushed.
    pub(crate) fn start_job(&self) -> Result<BatchJob, BatchJobError> {
        let mut job = BatchJob::builder(&self.model);
        // Not left to clap, which would show the password of a URL that is wrong.
        if let Some(url) = &self.gateway {
            let gateway = PushGateway::new(url)?;
            job = job.with_gateway(match &self.job {
                Some(name) => gateway.with_job(name),
                None => gateway,
            });
        }
        job.build()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// No option is given twice or in conflict with another.
    #[test]
    fn command_line_is_consistent() {
        Options::command().debug_assert();
    }

    /// The one in the environment least of all.
    #[test]
    fn a_wrong_url_is_not_repeated() {
        let options =
            Options::try_parse_from(["batch-inference", "--gateway", "ftp://me:hush@gateway"]);
        let error = options.unwrap().start_job().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
}
