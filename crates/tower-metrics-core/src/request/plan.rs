//! From what a user asked for to the settings of a middleware.

use std::borrow::Cow;

use super::error::BuildError;
use super::settings::{ExtraLabel, LabelValue, Metric, Settings};
use crate::Buckets;
use crate::backend::DeclareError;
use crate::labels::MethodNames;
use crate::names::{HttpLabel, HttpMetric, semantic};
use crate::spec::MetricKind;

/// What a user asked for, unchecked.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Plan {
    pub(crate) convention: Convention,
    pub(crate) prefix: Option<String>,
    pub(crate) metric_names: Vec<(HttpMetric, String)>,
    pub(crate) label_names: Vec<(HttpLabel, String)>,
    pub(crate) buckets: Vec<(HttpMetric, Buckets)>,
    pub(crate) on: Vec<HttpMetric>,
    pub(crate) off: Vec<HttpMetric>,
    pub(crate) constant_labels: Vec<(String, String)>,
    pub(crate) extra_labels: Vec<String>,
    pub(crate) headers: Vec<String>,
    pub(crate) path_prefixes: Vec<String>,
    pub(crate) label_limits: Vec<(String, usize)>,
    pub(crate) max_endpoints: usize,
    pub(crate) duration_until_head: bool,
    pub(crate) status_class: bool,
    pub(crate) http_version: bool,
    pub(crate) scheme: bool,
    pub(crate) grpc_status: bool,
    pub(crate) in_flight_by_endpoint: bool,
    pub(crate) duration_by_status: bool,
    pub(crate) disabled: bool,
}

/// Whose names, labels and buckets to use.
#[derive(Clone, Debug)]
pub(crate) enum Convention {
    Prometheus,
    OpenTelemetry { known_methods: Option<String> },
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            convention: Convention::Prometheus,
            prefix: None,
            metric_names: Vec::new(),
            label_names: Vec::new(),
            buckets: Vec::new(),
            on: Vec::new(),
            off: Vec::new(),
            constant_labels: Vec::new(),
            extra_labels: Vec::new(),
            headers: Vec::new(),
            path_prefixes: Vec::new(),
            label_limits: Vec::new(),
            max_endpoints: 1_000,
            duration_until_head: false,
            status_class: false,
            http_version: false,
            scheme: false,
            grpc_status: false,
            in_flight_by_endpoint: false,
            duration_by_status: false,
            disabled: false,
        }
    }
}

impl Plan {
    /// The settings that were asked for, if they make sense.
    pub(crate) fn settings(&self) -> Result<Settings, BuildError> {
        for (index, (metric, _)) in self.buckets.iter().enumerate() {
            let earlier = self.buckets.iter().take(index);
            if metric.spec().kind() != MetricKind::Histogram {
                return Err(BuildError::NoHistogram { metric: *metric });
            }
            if earlier.map(|(metric, _)| metric).any(|earlier| earlier == metric) {
                return Err(BuildError::BucketsTwice { metric: *metric });
            }
        }
        let with_buckets = self.buckets.iter().map(|(metric, _)| metric);
        let with_name = self.metric_names.iter().map(|(metric, _)| metric);
        let mut changed = with_buckets.chain(with_name).copied().chain(self.changed_by_switches());
        if let Some(metric) = changed.find(|metric| !self.is_on(*metric)) {
            return Err(BuildError::SwitchedOff { metric });
        }
        if let Some((label, _)) =
            self.label_limits.iter().find(|(label, _)| !self.extra_labels.contains(label))
        {
            return Err(BuildError::UnknownLabel { label: label.clone() });
        }
        if let Some(header) = self.headers.iter().find(|header| !is_token(header)) {
            return Err(BuildError::InvalidHeader { header: header.clone() });
        }
        if let Some(prefix) = self.path_prefixes.iter().find(|prefix| !prefix.starts_with('/')) {
            return Err(BuildError::InvalidPathPrefix { prefix: prefix.clone() });
        }

        let settings = self.to_settings();
        let specs = settings.specs();
        for (index, spec) in specs.iter().enumerate() {
            spec.validate()?;
            if specs.iter().take(index).any(|earlier| earlier.name() == spec.name()) {
                let name = spec.name().to_owned();
                return Err(DeclareError::Conflict { name, differs_in: "meaning" }.into());
            }
        }
        Ok(settings)
    }

    /// The settings that were asked for, whether they make sense or not.
    pub(crate) fn to_settings(&self) -> Settings {
        // The labels that every middleware finds come first, then those of its own.
        let mut extra_labels = Vec::new();
        let mut known = |label, wanted| {
            extra_labels.extend(Some(self.extra_label(self.label_name(label))).filter(|_| wanted));
            wanted.then(|| extra_labels.len() - 1)
        };
        let open_telemetry = matches!(self.convention, Convention::OpenTelemetry { .. });
        let http_version = known(HttpLabel::HttpVersion, self.http_version || open_telemetry);
        let scheme = known(HttpLabel::Scheme, self.scheme || open_telemetry);
        let first_own = extra_labels.len();
        extra_labels.extend(self.extra_labels.iter().map(|name| self.extra_label(name.clone())));

        let labels = Labels { plan: self, extra: &extra_labels, scheme };
        let in_flight = self.metric(HttpMetric::InFlight, &labels);
        let extra = |value: &LabelValue| matches!(value, LabelValue::Extra(_));
        Settings {
            requests: self.metric(HttpMetric::Requests, &labels),
            duration: self.metric(HttpMetric::Duration, &labels),
            in_flight_by_extra: in_flight.as_ref().is_some_and(|m| m.values.iter().any(extra)),
            in_flight,
            aborted: self.metric(HttpMetric::Aborted, &labels),
            time_to_first_byte: self.metric(HttpMetric::TimeToFirstByte, &labels),
            request_size: self.metric(HttpMetric::RequestSize, &labels),
            response_size: self.metric(HttpMetric::ResponseSize, &labels),
            label_overflow: self.metric(HttpMetric::LabelOverflow, &labels),
            duration_until_head: self.duration_until_head,
            grpc_status: self.grpc_status,
            methods: self.methods(),
            max_endpoints: self.max_endpoints,
            endpoint_name: self.label_name(HttpLabel::Endpoint).into(),
            extra_labels,
            first_own_label: first_own,
            http_version,
            scheme,
        }
    }

    fn extra_label(&self, name: String) -> ExtraLabel {
        let limit = self.label_limits.iter().rev().find(|(label, _)| *label == name);
        ExtraLabel { max_values: limit.map_or(100, |(_, max)| *max), name: name.into() }
    }

    fn methods(&self) -> MethodNames {
        match &self.convention {
            Convention::OpenTelemetry { known_methods: Some(names) } => MethodNames::listed(names),
            _ => MethodNames::Standard,
        }
    }

    /// The metrics that are changed by a switch of their own.
    fn changed_by_switches(&self) -> impl Iterator<Item = HttpMetric> {
        let switches = [
            (self.grpc_status, self.request_count()),
            (self.duration_by_status || self.duration_until_head, HttpMetric::Duration),
            (self.in_flight_by_endpoint, HttpMetric::InFlight),
        ];
        switches.into_iter().filter_map(|(is_set, metric)| is_set.then_some(metric))
    }

    /// The metric that counts the requests.
    fn request_count(&self) -> HttpMetric {
        match self.convention {
            Convention::OpenTelemetry { .. } => HttpMetric::Duration,
            Convention::Prometheus => HttpMetric::Requests,
        }
    }

    fn is_on(&self, metric: HttpMetric) -> bool {
        use HttpMetric::{Aborted, RequestSize, Requests, ResponseSize, TimeToFirstByte};
        let by_default = match self.convention {
            _ if matches!(metric, TimeToFirstByte | RequestSize | ResponseSize) => false,
            // These conventions count with the histogram, and tell errors by a label of it.
            Convention::OpenTelemetry { .. } => !matches!(metric, Requests | Aborted),
            Convention::Prometheus => true,
        };
        (by_default || self.on.contains(&metric)) && !self.off.contains(&metric)
    }

    fn metric(&self, metric: HttpMetric, labels: &Labels<'_>) -> Option<Metric> {
        if !self.is_on(metric) {
            return None;
        }
        let mut spec = metric.spec();
        if let Convention::OpenTelemetry { .. } = self.convention {
            semantic::adapt(metric, &mut spec);
        }
        if let Some((_, name)) = self.metric_names.iter().rfind(|(renamed, _)| *renamed == metric) {
            spec.name = Cow::Owned(name.clone());
        }
        if let Some(prefix) = &self.prefix {
            spec.name = Cow::Owned(format!("{}_{}", prefix.trim_end_matches('_'), spec.name));
        }
        let buckets = self.buckets.iter().find(|(given, _)| *given == metric);
        if let Some((_, buckets)) = buckets.filter(|_| spec.kind == MetricKind::Histogram) {
            spec.buckets = Some(buckets.clone());
        }
        let (names, values): (Vec<_>, Vec<_>) = labels.of(metric).into_iter().unzip();
        spec.labels = names.into_iter().map(Cow::Owned).collect();
        Some(Metric { spec, values })
    }

    fn label_name(&self, label: HttpLabel) -> String {
        if let Some((_, name)) = self.label_names.iter().rfind(|(renamed, _)| *renamed == label) {
            return name.clone();
        }
        match self.convention {
            Convention::OpenTelemetry { .. } => semantic::label_name(label),
            Convention::Prometheus => label.name(),
        }
        .to_owned()
    }
}

/// Finds the labels of a metric.
struct Labels<'a> {
    plan: &'a Plan,
    extra: &'a [ExtraLabel],
    scheme: Option<usize>,
}

impl Labels<'_> {
    /// The names of a metric's labels with where their values come from.
    fn of(&self, metric: HttpMetric) -> Vec<(String, LabelValue)> {
        let mut labels: Vec<(String, LabelValue)> = self
            .known(metric)
            .into_iter()
            .map(|label| (self.plan.label_name(label), self.value(label)))
            .collect();
        let extra = |(index, label): (usize, &ExtraLabel)| {
            (label.name.as_ref().to_owned(), LabelValue::Extra(index))
        };
        let all = self.extra.iter().enumerate();
        match metric {
            HttpMetric::LabelOverflow => {}
            // By method alone, and by scheme where the conventions say so.
            HttpMetric::InFlight => {
                let scheme = self.scheme.filter(|_| self.is_open_telemetry());
                labels.extend(all.filter(|(index, _)| Some(*index) == scheme).map(extra));
            }
            _ => labels.extend(all.map(extra)),
        }
        labels.extend(
            self.plan
                .constant_labels
                .iter()
                .map(|(name, value)| (name.clone(), LabelValue::Constant(value.as_str().into()))),
        );
        labels
    }

    fn known(&self, metric: HttpMetric) -> Vec<HttpLabel> {
        use HttpLabel::{Endpoint, ErrorType, GrpcStatus, Method, StatusCode};
        let mut labels = match metric {
            HttpMetric::Duration | HttpMetric::RequestSize | HttpMetric::ResponseSize
                if self.is_open_telemetry() =>
            {
                vec![Method, Endpoint, StatusCode, ErrorType]
            }
            HttpMetric::Duration if self.plan.duration_by_status => {
                vec![Method, Endpoint, StatusCode]
            }
            _ => metric.labels().to_vec(),
        };
        if self.plan.grpc_status && metric == self.plan.request_count() {
            labels.push(GrpcStatus);
        }
        if self.plan.in_flight_by_endpoint && metric == HttpMetric::InFlight {
            labels.push(Endpoint);
        }
        labels
    }

    fn value(&self, label: HttpLabel) -> LabelValue {
        match label {
            HttpLabel::StatusCode if self.plan.status_class => LabelValue::StatusClass,
            _ if self.is_open_telemetry() => LabelValue::Semantic(label),
            _ => LabelValue::Known(label),
        }
    }

    fn is_open_telemetry(&self) -> bool {
        matches!(self.plan.convention, Convention::OpenTelemetry { .. })
    }
}

/// Whether a header can have this name: RFC 9110's `token`.
fn is_token(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_allowed)
}
