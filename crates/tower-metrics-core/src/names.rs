//! The HTTP metrics: every name, label and bucket list in one table.

use std::borrow::Cow;

use metrics::Unit;

use crate::Buckets;
use crate::spec::{MetricKind, MetricSpec};

/// The label `method`: one of RFC 9110's eight, `PATCH`, `QUERY`, else `_OTHER`.
pub const METHOD: &str = "method";
/// The label `endpoint`: the template of the matched route, else `unmatched`.
pub const ENDPOINT: &str = "endpoint";
/// The label `status_code`: 100 to 999.
pub const STATUS_CODE: &str = "status_code";
/// The label `grpc_status`: 0 to 16, empty for answers that are not gRPC.
pub const GRPC_STATUS: &str = "grpc_status";
/// The label `reason`: why a request did not end well.
pub const REASON: &str = "reason";
/// The label `label`: the name of a label whose values ran over their limit.
pub const LABEL: &str = "label";

/// Requests, counted when they end.
pub const REQUESTS: MetricSpec = MetricSpec {
    name: Cow::Borrowed("http_requests_total"),
    kind: MetricKind::Counter,
    unit: None,
    help: Cow::Borrowed("Number of HTTP requests that ended."),
    labels: Cow::Borrowed(BY_STATUS),
    buckets: None,
};

/// Seconds from a request's arrival to the end of its response's body.
pub const DURATION: MetricSpec = MetricSpec {
    name: Cow::Borrowed("http_request_duration_seconds"),
    kind: MetricKind::Histogram,
    unit: Some(Unit::Seconds),
    help: Cow::Borrowed("Time from the arrival of an HTTP request to the end of its response."),
    labels: Cow::Borrowed(BY_ROUTE),
    buckets: Some(Buckets::http()),
};

/// Requests that have arrived and not ended yet.
pub const IN_FLIGHT: MetricSpec = MetricSpec {
    name: Cow::Borrowed("http_requests_in_flight"),
    kind: MetricKind::Gauge,
    unit: None,
    help: Cow::Borrowed("Number of HTTP requests that have arrived and not ended yet."),
    labels: Cow::Borrowed(BY_METHOD),
    buckets: None,
};

/// Requests that did not end well.
pub const ABORTED: MetricSpec = MetricSpec {
    name: Cow::Borrowed("http_requests_aborted_total"),
    kind: MetricKind::Counter,
    unit: None,
    help: Cow::Borrowed("Number of HTTP requests that did not end well."),
    labels: Cow::Borrowed(BY_REASON),
    buckets: None,
};

/// Seconds from a request's arrival to the head of its response. Opt-in.
pub const TIME_TO_FIRST_BYTE: MetricSpec = MetricSpec {
    name: Cow::Borrowed("http_response_time_to_first_byte_seconds"),
    kind: MetricKind::Histogram,
    unit: Some(Unit::Seconds),
    help: Cow::Borrowed("Time from the arrival of an HTTP request to the head of its response."),
    labels: Cow::Borrowed(BY_ROUTE),
    buckets: Some(Buckets::http()),
};

/// Bytes that were read from a request's body. Opt-in.
pub const REQUEST_SIZE: MetricSpec = MetricSpec {
    name: Cow::Borrowed("http_request_size_bytes"),
    kind: MetricKind::Histogram,
    unit: Some(Unit::Bytes),
    help: Cow::Borrowed("Size of the part of an HTTP request's body that was read."),
    labels: Cow::Borrowed(BY_ROUTE),
    buckets: Some(Buckets::sizes()),
};

/// Bytes that were taken from a response's body. Opt-in.
pub const RESPONSE_SIZE: MetricSpec = MetricSpec {
    name: Cow::Borrowed("http_response_size_bytes"),
    kind: MetricKind::Histogram,
    unit: Some(Unit::Bytes),
    help: Cow::Borrowed("Size of the part of an HTTP response's body that was sent."),
    labels: Cow::Borrowed(BY_ROUTE),
    buckets: Some(Buckets::sizes()),
};

/// Label values that came after the limit and were replaced.
pub const LABEL_OVERFLOW: MetricSpec = MetricSpec {
    name: Cow::Borrowed("tower_metrics_label_overflow_total"),
    kind: MetricKind::Counter,
    unit: None,
    help: Cow::Borrowed("Number of label values replaced because their label was at its limit."),
    labels: Cow::Borrowed(BY_LABEL),
    buckets: None,
};

const BY_STATUS: &[Cow<'static, str>] =
    &[Cow::Borrowed(METHOD), Cow::Borrowed(ENDPOINT), Cow::Borrowed(STATUS_CODE)];
const BY_REASON: &[Cow<'static, str>] =
    &[Cow::Borrowed(METHOD), Cow::Borrowed(ENDPOINT), Cow::Borrowed(REASON)];
const BY_ROUTE: &[Cow<'static, str>] = &[Cow::Borrowed(METHOD), Cow::Borrowed(ENDPOINT)];
const BY_METHOD: &[Cow<'static, str>] = &[Cow::Borrowed(METHOD)];
const BY_LABEL: &[Cow<'static, str>] = &[Cow::Borrowed(LABEL)];

#[cfg(test)]
mod tests {
    use super::*;

    /// The table itself obeys the rules that users' declarations are held to.
    #[test]
    fn every_specification_is_valid_and_explained() {
        for spec in [
            REQUESTS,
            DURATION,
            IN_FLIGHT,
            ABORTED,
            TIME_TO_FIRST_BYTE,
            REQUEST_SIZE,
            RESPONSE_SIZE,
            LABEL_OVERFLOW,
        ] {
            assert_eq!(spec.validate(), Ok(()));
            assert!(spec.help().ends_with('.'), "{}", spec.name());
            assert_eq!(spec.kind() == MetricKind::Counter, spec.name().ends_with("_total"));
        }
    }
}
