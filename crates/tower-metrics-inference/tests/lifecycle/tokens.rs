//! What is recorded of a generation.

use tower_metrics_inference::{FinishReason, InferenceRequest, RequestOutcome};

use super::measured::{Measured, measured, measured_with};

pub(crate) const TIME_TO_FIRST: &str = "inference_time_to_first_token_seconds";
pub(crate) const INTER_TOKEN: &str = "inference_inter_token_latency_seconds";
pub(crate) const PER_OUTPUT: &str = "inference_time_per_output_token_seconds";
pub(crate) const OUTPUT: &str = "inference_output_tokens_total";
pub(crate) const LENGTH: &str = "inference_output_token_length";
const NOTHING: (u64, u64) = (0, 0);

/// Why generations ended, and how often.
pub(crate) fn finished(measured: &Measured) -> String {
    measured.by_label("inference_finish_total", "finish_reason")
}

/// Every reason is there from registration, as every status is.
#[test]
fn all_finish_reasons_are_there_at_zero() {
    measured(|measured| {
        let reasons =
            ["cancelled", "content_filter", "error", "length", "stop", "timeout", "tool_calls"];
        let line = |reason| format!("{{model_name=\"llama\",finish_reason=\"{reason}\"}} 0");
        assert_eq!(measured.series("inference_finish_total"), reasons.map(line));
        let text = measured.text();
        for reason in FinishReason::ALL {
            let line = format!("inference_finish_total{}", line(reason.as_str()));
            assert!(text.contains(&line), "{reason:?}");
        }
    });
}

/// The clock of the first token starts at the arrival, queue included; the tokens of a chunk share
/// the time since the chunk before, and weigh as many samples.
#[test]
fn each_time_of_a_generation_is_what_it_says() {
    measured(|measured| {
        let queued = measured.model.enqueue();
        measured.pass(1);
        let mut request = queued.start();
        measured.pass(1);
        request.record_tokens(3);
        assert_eq!(measured.histogram(TIME_TO_FIRST), (1, 2));
        assert_eq!(measured.histogram(INTER_TOKEN), NOTHING);
        measured.pass(8);
        request.record_tokens(4);
        // Four tokens that took two seconds each, in their own bucket.
        let bucket =
            |edge: &str| format!("{INTER_TOKEN}_bucket{{model_name=\"llama\",le=\"{edge}\"}}");
        let text = measured.text();
        assert!(text.contains(&format!("{} 0\n{} 4\n", bucket("1"), bucket("2"))), "{text}");
        measured.pass(6);
        request.record_tokens(1);
        assert_eq!(measured.histogram(INTER_TOKEN), (5, 14));
        assert_eq!(measured.value(OUTPUT), 8);
        measured.pass(7);
        request.success();
        // From the first token to the end, over all but the first.
        assert_eq!(measured.histogram(PER_OUTPUT), (1, 3));
        assert_eq!(measured.histogram(LENGTH), (1, 8));
        assert_eq!(measured.histogram("inference_duration_seconds"), (1, 23));
        assert_eq!(finished(measured), "stop 1");
    });
}

/// One token has no time between tokens, and none has no first.
#[test]
fn times_that_do_not_exist_are_not_recorded() {
    measured(|measured| {
        let mut request = measured.model.start();
        request.record_tokens(0);
        request.record_tokens(1);
        measured.pass(1);
        request.record_tokens(0);
        request.success();
        assert_eq!(measured.histogram(TIME_TO_FIRST), (1, 0));
        assert_eq!(measured.histogram(INTER_TOKEN), NOTHING);
        assert_eq!(measured.histogram(PER_OUTPUT), NOTHING);
        assert_eq!(measured.histogram(LENGTH), (1, 1));
    });
    measured(|measured| {
        let mut request = measured.model.start();
        request.complete_output(FinishReason::ContentFilter);
        request.success();
        assert_eq!(measured.histogram(TIME_TO_FIRST), NOTHING);
        assert_eq!(measured.histogram(PER_OUTPUT), NOTHING);
        assert_eq!(measured.histogram(LENGTH), (1, 0));
        assert_eq!(finished(measured), "content_filter 1");
    });
}

/// A classifier next to a language model has no output to measure.
#[test]
fn a_request_without_tokens_is_no_generation() {
    measured(|measured| {
        measured.model.start().success();
        drop(measured.model.start());
        assert_eq!(measured.histogram(LENGTH), NOTHING);
        assert_eq!(finished(measured), "");
    });
}

/// Whatever ends a generation, it keeps its tokens; a reason of the model's own is one for success.
#[test]
fn a_generation_ends_for_the_reason_that_its_request_did() {
    type Row = (&'static str, fn(InferenceRequest));
    let rows: [Row; 8] = [
        ("stop 1", InferenceRequest::success),
        ("error 1", |request| request.error("oom")),
        ("timeout 1", InferenceRequest::timeout),
        ("cancelled 1", drop),
        ("cancelled 1", |request| request.end(RequestOutcome::Cancelled)),
        ("length 1", |mut request| {
            request.complete_output(FinishReason::Length);
            // The first reason holds.
            request.complete_output(FinishReason::Stop);
        }),
        ("tool_calls 1", |mut request| {
            request.complete_output(FinishReason::ToolCalls);
            request.success();
        }),
        ("error 1", |mut request| {
            request.complete_output(FinishReason::Length);
            request.error("oom");
        }),
    ];
    for (reasons, end) in rows {
        measured(|measured| {
            let mut request = measured.model.start();
            request.record_tokens(2);
            measured.pass(3);
            request.record_tokens(2);
            end(request);
            assert_eq!(finished(measured), reasons);
            assert_eq!(measured.value(OUTPUT), 4);
            assert_eq!(measured.histogram(LENGTH), (1, 4));
            assert_eq!(measured.histogram(PER_OUTPUT), (1, 1));
        });
    }
}

/// A connection is often kept for long after the last token; that is nobody's time.
#[test]
fn a_complete_request_lasts_until_its_last_token() {
    measured(|measured| {
        let mut request = measured.model.start();
        request.record_tokens(1);
        measured.pass(2);
        request.record_tokens(1);
        request.complete_output(FinishReason::Stop);
        measured.pass(100);
        drop(request);
        assert_eq!(measured.statuses(), "success 1");
        assert_eq!(measured.histogram("inference_duration_seconds"), (1, 2));
        assert_eq!(measured.histogram(PER_OUTPUT), (1, 2));
    });
}

/// Models that do not generate do not pay for those that do.
#[test]
fn nothing_of_tokens_is_shown_unasked() {
    measured_with(
        |builder| builder,
        |measured| {
            let mut request = measured.model.start();
            request.set_input_tokens(32);
            request.record_tokens(2);
            request.record_tokens(2);
            request.complete_output(FinishReason::Length);
            drop(request);
            assert_eq!(measured.statuses(), "success 1");
            let text = measured.text();
            for metric in [TIME_TO_FIRST, INTER_TOKEN, PER_OUTPUT, OUTPUT, LENGTH] {
                assert!(!text.contains(metric), "{text}");
            }
            assert!(!text.contains("inference_finish_total"), "{text}");
            assert!(!text.contains("inference_input_tokens_total"), "{text}");
            // The guide has this one for every model.
            assert_eq!(measured.histogram("inference_input_token_length"), (1, 32));
        },
    );
}
