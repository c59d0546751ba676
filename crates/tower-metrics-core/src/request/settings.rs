//! What a middleware records, decided when it is built.

use std::sync::Arc;

use super::outcome::Ending;
use crate::labels::{MethodNames, Route};
use crate::names::HttpLabel;
use crate::spec::MetricSpec;

/// The metrics of one middleware and the options that shape them; made by the builder, which has
/// checked them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) requests: Option<Metric>,
    pub(crate) duration: Option<Metric>,
    pub(crate) in_flight: Option<Metric>,
    pub(crate) aborted: Option<Metric>,
    pub(crate) time_to_first_byte: Option<Metric>,
    pub(crate) request_size: Option<Metric>,
    pub(crate) response_size: Option<Metric>,
    pub(crate) label_overflow: Option<Metric>,
    /// Whether `duration` ends with the response's head instead of its body.
    pub(crate) duration_until_head: bool,
    pub(crate) grpc_status: bool,
    /// Whether `in_flight` has extra labels.
    pub(crate) in_flight_by_extra: bool,
    pub(crate) methods: MethodNames,
    pub(crate) max_endpoints: usize,
    /// The name of the label `endpoint`.
    pub(crate) endpoint_name: Arc<str>,
    pub(crate) extra_labels: Vec<ExtraLabel>,
    /// The index of the first extra label that the middleware itself added.
    pub(crate) first_own_label: usize,
    /// The indices of those that every middleware knows how to find.
    pub(crate) http_version: Option<usize>,
    pub(crate) scheme: Option<usize>,
}

/// A metric with where its label values come from, in the order of its label names.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    pub(crate) spec: MetricSpec,
    pub(crate) values: Vec<LabelValue>,
}

/// Where a label's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum LabelValue {
    Known(HttpLabel),
    /// As `Known`, by the rules of OpenTelemetry: empty where there is nothing to say.
    Semantic(HttpLabel),
    /// As `Known(StatusCode)`, by the hundred: `2xx`.
    StatusClass,
    Constant(Arc<str>),
    /// The value that the middleware found for the extra label of this index.
    Extra(usize),
}

/// A label whose values the middleware finds in requests and responses.
#[derive(Clone, Debug)]
pub(crate) struct ExtraLabel {
    pub(crate) name: Arc<str>,
    pub(crate) max_values: usize,
}

/// What label values are made of.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) method: &'a str,
    pub(crate) endpoint: &'a str,
    pub(crate) ending: Option<Ending>,
    pub(crate) extra: &'a [Arc<str>],
    /// The label that ran over its limit.
    pub(crate) overflown: &'a str,
}

impl Settings {
    /// Whether the moment in which the head of a response is ready matters.
    pub(crate) fn times_head(&self) -> bool {
        self.duration_until_head || self.time_to_first_byte.is_some()
    }

    /// Whether a metric is on that few ask for.
    pub(crate) fn has_optional(&self) -> bool {
        let optional = [&self.time_to_first_byte, &self.request_size, &self.response_size];
        optional.into_iter().any(Option::is_some)
    }

    /// Every metric that is switched on, for declaring.
    pub(crate) fn specs(&self) -> Vec<MetricSpec> {
        let metrics = [
            &self.requests,
            &self.duration,
            &self.in_flight,
            &self.aborted,
            &self.time_to_first_byte,
            &self.request_size,
            &self.response_size,
            &self.label_overflow,
        ];
        metrics.into_iter().flatten().map(|metric| metric.spec.clone()).collect()
    }
}

impl Metric {
    /// Whether requests are told apart by their method, if at all.
    pub(crate) fn is_by_method_alone(&self) -> bool {
        use LabelValue::{Constant, Known, Semantic};
        let is = |value: &LabelValue| {
            matches!(value, Constant(_) | Known(HttpLabel::Method) | Semantic(HttpLabel::Method))
        };
        self.values.iter().all(is)
    }

    /// The label values for `facts`, in the order of the label names.
    pub(crate) fn label_values(&self, facts: &Facts<'_>) -> impl Iterator<Item = String> {
        self.values.iter().map(|value| value.of(facts))
    }
}

impl LabelValue {
    fn of(&self, facts: &Facts<'_>) -> String {
        match self {
            Self::Known(label) => known(*label, facts),
            Self::Semantic(label) => semantic(*label, facts),
            Self::StatusClass => facts
                .ending
                .map_or_else(String::new, |ending| format!("{}xx", ending.status() / 100)),
            Self::Constant(value) => value.as_ref().to_owned(),
            Self::Extra(index) => {
                facts.extra.get(*index).map_or_else(String::new, |value| value.as_ref().to_owned())
            }
        }
    }
}

fn known(label: HttpLabel, facts: &Facts<'_>) -> String {
    let ending = |value: fn(Ending) -> String| facts.ending.map_or_else(String::new, value);
    match label {
        HttpLabel::Method => facts.method.to_owned(),
        HttpLabel::Endpoint => facts.endpoint.to_owned(),
        HttpLabel::StatusCode => ending(|ending| ending.status().to_string()),
        HttpLabel::GrpcStatus => {
            ending(|ending| ending.grpc_code().map_or_else(String::new, |code| code.to_string()))
        }
        HttpLabel::Reason => ending(|ending| {
            ending.reason().map_or_else(String::new, |reason| reason.as_str().to_owned())
        }),
        HttpLabel::ErrorType => semantic(label, facts),
        HttpLabel::Label => facts.overflown.to_owned(),
        // These are extra labels: their values come with the request.
        HttpLabel::HttpVersion | HttpLabel::Scheme => String::new(),
    }
}

/// The value that OpenTelemetry's HTTP conventions ask for.
fn semantic(label: HttpLabel, facts: &Facts<'_>) -> String {
    match (label, facts.ending) {
        (HttpLabel::Endpoint, _) if facts.endpoint == Route::UNMATCHED => String::new(),
        (HttpLabel::ErrorType, Some(ending)) => match ending.reason() {
            Some(reason) => reason.as_str().to_owned(),
            None if ending.status() >= 500 => ending.status().to_string(),
            None => String::new(),
        },
        (HttpLabel::ErrorType, None) => String::new(),
        (HttpLabel::StatusCode, Some(ending)) if !ending.is_answered() => String::new(),
        _ => known(label, facts),
    }
}
