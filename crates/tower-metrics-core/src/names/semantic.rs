//! The names of OpenTelemetry's [HTTP conventions], in Prometheus' spelling.
//!
//! [HTTP conventions]: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/

use std::borrow::Cow;

use super::{HttpLabel, HttpMetric};
use crate::Buckets;
use crate::spec::MetricSpec;

/// Gives `spec` the name, help and buckets that the conventions have for `metric`, if any.
pub(crate) fn adapt(metric: HttpMetric, spec: &mut MetricSpec) {
    let (name, help) = match metric {
        HttpMetric::Duration => {
            spec.buckets = Some(Buckets::open_telemetry());
            ("http_server_request_duration_seconds", "Duration of HTTP server requests.")
        }
        HttpMetric::InFlight => {
            ("http_server_active_requests", "Number of active HTTP server requests.")
        }
        HttpMetric::RequestSize => {
            ("http_server_request_body_size_bytes", "Size of HTTP server request bodies.")
        }
        HttpMetric::ResponseSize => {
            ("http_server_response_body_size_bytes", "Size of HTTP server response bodies.")
        }
        _ => return,
    };
    spec.name = Cow::Borrowed(name);
    spec.help = Cow::Borrowed(help);
}

/// The name of the attribute that a label stands for.
pub(crate) const fn label_name(label: HttpLabel) -> &'static str {
    match label {
        HttpLabel::Method => "http_request_method",
        HttpLabel::Endpoint => "http_route",
        HttpLabel::StatusCode => "http_response_status_code",
        HttpLabel::HttpVersion => "network_protocol_version",
        HttpLabel::Scheme => "url_scheme",
        HttpLabel::ErrorType => "error_type",
        HttpLabel::GrpcStatus => "rpc_grpc_status_code",
        HttpLabel::Reason | HttpLabel::Label => label.name(),
    }
}
