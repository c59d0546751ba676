//! The HTTP metrics: every name, label and bucket list in one table.

pub(crate) mod semantic;

use std::borrow::Cow;

use metrics::Unit;

use crate::Buckets;
use crate::spec::{MetricKind, MetricSpec};

/// A metric of the HTTP middleware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpMetric {
    /// `http_requests_total`: requests, counted when they end.
    Requests,
    /// `http_request_duration_seconds`: from a request's arrival to the end of its response.
    Duration,
    /// `http_requests_in_flight`: requests that have arrived and not ended yet.
    InFlight,
    /// `http_requests_aborted_total`: requests that did not end well.
    Aborted,
    /// `http_response_time_to_first_byte_seconds`: from a request's arrival to the head of its
    /// response. Opt-in.
    TimeToFirstByte,
    /// `http_request_size_bytes`: bytes that were read from a request's body. Opt-in.
    RequestSize,
    /// `http_response_size_bytes`: bytes that were taken from a response's body. Opt-in.
    ResponseSize,
    /// `tower_metrics_label_overflow_total`: label values that came after the limit and were
    /// replaced.
    LabelOverflow,
}

/// A label of the HTTP metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpLabel {
    /// `method`: one of RFC 9110's eight, `PATCH`, `QUERY`, else `_OTHER`.
    Method,
    /// `endpoint`: the template of the matched route, else `unmatched`.
    Endpoint,
    /// `status_code`: 100 to 999, or its class (`2xx`).
    StatusCode,
    /// `grpc_status`: 0 to 16, empty for answers that are not gRPC. Opt-in.
    GrpcStatus,
    /// `reason`: why a request did not end well.
    Reason,
    /// `error_type`: the reason, or the status of a failed request; of the OpenTelemetry names.
    ErrorType,
    /// `http_version`: `0.9`, `1.0`, `1.1`, `2` or `3`. Opt-in.
    HttpVersion,
    /// `scheme`: `http`, `https`, else `other`. Opt-in.
    Scheme,
    /// `label`: the name of a label whose values ran over their limit.
    Label,
}

impl HttpMetric {
    /// All metrics.
    pub const ALL: &'static [Self] = &[
        Self::Requests,
        Self::Duration,
        Self::InFlight,
        Self::Aborted,
        Self::TimeToFirstByte,
        Self::RequestSize,
        Self::ResponseSize,
        Self::LabelOverflow,
    ];

    /// The default specification.
    pub fn spec(self) -> MetricSpec {
        let (name, kind, unit, help, buckets) = self.row();
        MetricSpec {
            name: Cow::Borrowed(name),
            kind,
            unit,
            help: Cow::Borrowed(help),
            labels: self.labels().iter().map(|label| Cow::Borrowed(label.name())).collect(),
            buckets,
        }
    }

    /// The default labels.
    pub const fn labels(self) -> &'static [HttpLabel] {
        use HttpLabel::{Endpoint, Label, Method, Reason, StatusCode};
        match self {
            Self::Requests => &[Method, Endpoint, StatusCode],
            Self::Aborted => &[Method, Endpoint, Reason],
            Self::InFlight => &[Method],
            Self::LabelOverflow => &[Label],
            Self::Duration | Self::TimeToFirstByte | Self::RequestSize | Self::ResponseSize => {
                &[Method, Endpoint]
            }
        }
    }

    const fn row(self) -> (&'static str, MetricKind, Option<Unit>, &'static str, Option<Buckets>) {
        use MetricKind::{Counter, Gauge, Histogram};
        match self {
            Self::Requests => {
                ("http_requests_total", Counter, None, "Number of HTTP requests that ended.", None)
            }
            Self::Duration => (
                "http_request_duration_seconds",
                Histogram,
                Some(Unit::Seconds),
                "Time from the arrival of an HTTP request to the end of its response.",
                Some(Buckets::http()),
            ),
            Self::InFlight => (
                "http_requests_in_flight",
                Gauge,
                None,
                "Number of HTTP requests that have arrived and not ended yet.",
                None,
            ),
            Self::Aborted => (
                "http_requests_aborted_total",
                Counter,
                None,
                "Number of HTTP requests that did not end well.",
                None,
            ),
            Self::TimeToFirstByte => (
                "http_response_time_to_first_byte_seconds",
                Histogram,
                Some(Unit::Seconds),
                "Time from the arrival of an HTTP request to the head of its response.",
                Some(Buckets::http()),
            ),
            Self::RequestSize => (
                "http_request_size_bytes",
                Histogram,
                Some(Unit::Bytes),
                "Size of the part of an HTTP request's body that was read.",
                Some(Buckets::sizes()),
            ),
            Self::ResponseSize => (
                "http_response_size_bytes",
                Histogram,
                Some(Unit::Bytes),
                "Size of the part of an HTTP response's body that was sent.",
                Some(Buckets::sizes()),
            ),
            Self::LabelOverflow => (
                "tower_metrics_label_overflow_total",
                Counter,
                None,
                "Number of label values replaced because their label was at its limit.",
                None,
            ),
        }
    }
}

impl HttpLabel {
    /// The default name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Endpoint => "endpoint",
            Self::StatusCode => "status_code",
            Self::GrpcStatus => "grpc_status",
            Self::Reason => "reason",
            Self::ErrorType => "error_type",
            Self::HttpVersion => "http_version",
            Self::Scheme => "scheme",
            Self::Label => "label",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table itself obeys the rules that users' declarations are held to.
    #[test]
    fn every_specification_is_valid_and_explained() {
        for metric in HttpMetric::ALL.iter().copied() {
            let spec = metric.spec();
            assert_eq!(spec.validate(), Ok(()));
            assert!(spec.help().ends_with('.'), "{}", spec.name());
            assert_eq!(spec.kind() == MetricKind::Counter, spec.name().ends_with("_total"));
            assert_eq!(spec.kind() == MetricKind::Histogram, spec.buckets().is_some());
        }
    }
}
