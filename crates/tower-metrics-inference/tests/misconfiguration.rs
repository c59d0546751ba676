//! A setting that makes no sense is an error that names it and says what to do.

use tower_metrics_inference::{
    Buckets, Inference, InferenceBuilder, InferenceError, InferenceMetric,
};
use tower_metrics_prometheus::Exporter;

/// Buckets belong to one histogram that is recorded, once.
#[test]
fn buckets_that_have_no_place_are_refused() {
    type Customise = fn(InferenceBuilder) -> InferenceBuilder;

    let cases: [(Customise, InferenceError, &str); 3] = [
        (
            |b| b.with_duration_buckets(Buckets::light()).with_duration_buckets(Buckets::light()),
            InferenceError::BucketsTwice { metric: InferenceMetric::Duration },
            "the buckets of \"inference_duration_seconds\" are set twice; keep one",
        ),
        (
            |b| b.with_buckets(InferenceMetric::Requests, Buckets::light()),
            InferenceError::NoHistogram { metric: InferenceMetric::Requests },
            "\"inference_requests_total\" is no histogram; leave its buckets out",
        ),
        (
            |b| b.with_buckets(InferenceMetric::TimeToFirstToken, Buckets::light()),
            InferenceError::TokensOff { metric: InferenceMetric::TimeToFirstToken },
            "\"inference_time_to_first_token_seconds\" is off; switch the metrics of tokens on with \
             `with_tokens`",
        ),
    ];
    for (customise, expected, text) in cases {
        let exporter = Exporter::builder().build().unwrap();
        let builder = Inference::builder().with_recorder(exporter.recorder());
        let error = customise(builder.clone()).build().unwrap_err();
        assert_eq!((error.to_string().as_str(), error), (text, expected));
        // Nothing was declared, so what is declared now holds.
        let built = builder.with_duration_buckets(Buckets::large_model()).build();
        assert!(built.is_ok(), "{built:?}");
    }
}
