//! What is counted, in a form that can be compared with what should have been.

use std::collections::HashMap;

use tower_metrics_inference::{FinishReason, Status};

use super::super::measured::Measured;

/// What is counted of all requests, and how long they took.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) statuses: [u32; Status::ALL.len()],
    pub(super) panics: u32,
    /// In flight, waiting, running.
    pub(super) gauges: [u32; 3],
    pub(super) queued: u32,
    pub(super) first_tokens: u32,
    pub(super) inter_token: u32,
    pub(super) per_output: u32,
    pub(super) output: u32,
    /// The count and the sum of the lengths of outputs, and of inputs.
    pub(super) lengths: [u32; 2],
    pub(super) inputs: [u32; 2],
    pub(super) finished: [u32; FinishReason::ALL.len()],
    pub(super) seconds: u32,
}

impl Tally {
    /// Reads what is counted from a rendering, and asserts that it agrees with itself.
    pub(super) fn of(measured: &Measured) -> Self {
        let text = measured.text();
        let samples: HashMap<_, _> =
            text.lines().filter_map(|line| line.rsplit_once(' ')).collect();
        let value = |name: &str, labels: &str| -> u32 {
            let series = format!("{name}{{model_name=\"llama\"{labels}}}");
            samples.get(&*series).unwrap().parse().unwrap()
        };
        let only = |name: &str| value(name, "");
        let lengths = |what: &str| {
            ["count", "sum"].map(|part| only(&format!("inference_{what}_token_length_{part}")))
        };
        let errors = |error_type: &str| {
            value("inference_errors_total", &format!(",error_type=\"{error_type}\""))
        };
        let tally = Self {
            statuses: counts(Status::ALL, |status| {
                value("inference_requests_total", &format!(",status=\"{}\"", status.as_str()))
            }),
            panics: errors(Status::PANIC),
            gauges: ["in_flight", "waiting", "running"]
                .map(|what| only(&format!("inference_{what}_requests"))),
            queued: only("inference_queue_duration_seconds_count"),
            first_tokens: only("inference_time_to_first_token_seconds_count"),
            inter_token: only("inference_inter_token_latency_seconds_count"),
            per_output: only("inference_time_per_output_token_seconds_count"),
            output: only("inference_output_tokens_total"),
            lengths: lengths("output"),
            inputs: lengths("input"),
            finished: counts(FinishReason::ALL, |reason| {
                let label = format!(",finish_reason=\"{}\"", reason.as_str());
                value("inference_finish_total", &label)
            }),
            seconds: only("inference_duration_seconds_sum"),
        };
        let [success, error, timeout, cancelled, _rejected] = tally.statuses;
        let durations = only("inference_duration_seconds_count");
        assert_eq!(success + error + timeout + cancelled, durations, "{tally:?}");
        assert_eq!(errors(Status::UNNAMED_ERROR) + tally.panics, error, "{tally:?}");
        let [_, input] = tally.inputs;
        assert_eq!(only("inference_input_tokens_total"), input, "{tally:?}");
        tally
    }

    /// Whether every request that arrived has ended; then all tokens are part of an output.
    pub(super) fn is_at_rest(&self) -> bool {
        let [_, output] = self.lengths;
        self.gauges == [0; 3] && output == self.output
    }
}

fn counts<T, const N: usize>(all: &[T], count: impl FnMut(&T) -> u32) -> [u32; N] {
    all.iter().map(count).collect::<Vec<_>>().try_into().unwrap()
}
