//! Batch jobs: how items are counted, and what is pushed however a job ends.
//!
//! Nothing but the public API is used, with a gateway that does what it is told.
//!
//! | file | what it shows |
//! |---|---|
//! | `items` | each way in which an item can end |
//! | `endings` | each way in which a job can end, and what the gateway gets then |
//! | `failures` | gateways that do not answer, and jobs that cannot begin |
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod endings;
mod failures;
mod items;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::time::Duration;

use tower_metrics_inference::BatchJob;
use tower_metrics_prometheus::Exporter;
use tower_metrics_push::PushGateway;
use tower_metrics_tests::scripted_gateway::{SOON, ScriptedGateway};

fn job() -> BatchJob {
    BatchJob::new("resnet50").unwrap()
}

/// A gateway that is tried again at once, and given up only where it hangs.
fn gateway_at(address: SocketAddr) -> PushGateway {
    PushGateway::new(&format!("http://{address}"))
        .unwrap()
        .with_job("nightly")
        .with_backoff(Duration::from_millis(1), Duration::from_millis(5))
        .with_total_timeout(SOON)
        .with_timeout(SOON)
}

/// A job that pushes there, under the name that it has by default.
fn job_pushing_to(server: &ScriptedGateway) -> BatchJob {
    let gateway = gateway_at(server.address()).with_job("");
    BatchJob::builder("resnet50").with_gateway(gateway).build().unwrap()
}

/// The values of these series, in their order; those that are not there are left out.
fn values(text: &str, series: &[&str]) -> Vec<String> {
    let value = |name: &&str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned))
    };
    series.iter().filter_map(value).collect()
}

/// The counts of items: successes, errors, cancelled ones, and all that have a duration.
fn counts(exporter: &Exporter) -> [u64; 4] {
    let series = [
        r#"batch_inference_processed_total{model_name="resnet50",status="success"}"#,
        r#"batch_inference_processed_total{model_name="resnet50",status="error"}"#,
        r#"batch_inference_processed_total{model_name="resnet50",status="cancelled"}"#,
        r#"batch_inference_item_duration_seconds_count{model_name="resnet50"}"#,
    ];
    let counts = values(&exporter.render(), &series);
    let counts: Vec<u64> = counts.iter().map(|count| count.parse().unwrap()).collect();
    counts.try_into().unwrap()
}
