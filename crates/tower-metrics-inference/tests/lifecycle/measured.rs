//! Metrics in an exporter of their own, and a clock that stands still.

use std::sync::Arc;
use std::time::Duration;

use quanta::{Clock, Mock};
use tower_metrics_inference::{Inference, InferenceBuilder, Model};
use tower_metrics_prometheus::Exporter;

pub(crate) const MODEL: &str = "llama";

/// Inference metrics, one registered model, and what is rendered of them.
pub(crate) struct Measured {
    pub(crate) inference: Inference,
    pub(crate) model: Model,
    exporter: Exporter,
    time: Arc<Mock>,
}

/// Runs a test with the metrics of tokens on, while time stands still.
pub(crate) fn measured(test: impl FnOnce(&Measured)) {
    measured_with(InferenceBuilder::with_tokens, test);
}

/// Runs a test with metrics that are configured, while time stands still.
pub(crate) fn measured_with(
    configure: impl FnOnce(InferenceBuilder) -> InferenceBuilder,
    test: impl FnOnce(&Measured),
) {
    let (clock, time) = Clock::mock();
    quanta::with_clock(&clock, || {
        let exporter = Exporter::builder().build().unwrap();
        let builder = Inference::builder().with_recorder(exporter.recorder());
        let inference = configure(builder).build().unwrap();
        let model = inference.register(MODEL).unwrap();
        test(&Measured { inference, model, exporter, time });
    });
}

impl Measured {
    /// Lets this much time pass.
    pub(crate) fn pass(&self, seconds: u64) {
        self.time.increment(Duration::from_secs(seconds));
    }

    pub(crate) fn text(&self) -> String {
        self.exporter.render()
    }

    /// The series of a metric without its name, buckets left out: `{model_name="llama"} 1`.
    pub(crate) fn series(&self, metric: &str) -> Vec<String> {
        series(&self.text(), metric)
    }

    /// As [`series`](Self::series), without those that are zero.
    pub(crate) fn counted(&self, metric: &str) -> Vec<String> {
        let mut series = self.series(metric);
        series.retain(|line| !line.ends_with(" 0"));
        series
    }

    /// The statuses that were counted, and how often.
    pub(crate) fn statuses(&self) -> String {
        self.by_label("inference_requests_total", "status")
    }

    /// What was counted by a label besides the model's name: `success 2, error 1`.
    pub(crate) fn by_label(&self, metric: &str, label: &str) -> String {
        let before = format!("{{model_name=\"{MODEL}\",{label}=\"");
        let lines = self.counted(metric).into_iter();
        let lines = lines.map(|line| line.replace(&before, "").replace("\"}", ""));
        lines.collect::<Vec<_>>().join(", ")
    }

    /// The count and the sum, which is whole in these tests, of a histogram of the model.
    pub(crate) fn histogram(&self, metric: &str) -> (u64, u64) {
        let value = |part: &str| self.value(&format!("{metric}_{part}"));
        (value("count"), value("sum"))
    }

    /// The value of the model's only series of a metric.
    pub(crate) fn value(&self, metric: &str) -> u64 {
        let before = format!("{{model_name=\"{MODEL}\"}} ");
        let series = self.series(metric);
        assert_eq!(series.len(), 1, "{metric}: {series:?}");
        series.concat().strip_prefix(&before).unwrap().parse().unwrap()
    }

    /// How many requests are in flight, wait and run.
    pub(crate) fn gauges(&self) -> [u64; 3] {
        ["in_flight", "waiting", "running"]
            .map(|what| self.value(&format!("inference_{what}_requests")))
    }
}

/// The series of a metric without its name, in the order of the text.
pub(crate) fn series(text: &str, metric: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(metric));
    lines.filter(|line| line.starts_with(['{', ' '])).map(str::to_owned).collect()
}
