//! What is measured, and how: one builder for every framework's middleware.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::error::BuildError;
use super::instruments::Instruments;
use super::plan::{Convention, Plan};
use super::rules::{Heads, Rules};
use crate::Buckets;
use crate::backend::{Backend, Global};
use crate::names::{HttpLabel, HttpMetric};

/// Configures a middleware `T`: [`MetricsLayer`](crate::MetricsLayer), or that of another
/// framework.
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder<T: Measures> {
    backend: Arc<dyn Backend>,
    plan: Plan,
    rules: Rules<T::Heads>,
    options: T::Options,
}

/// A middleware that records into [`Instruments`], and is built by a [`Builder`].
///
/// For adapters of frameworks, which keep pace with this crate: methods may be added to it.
pub trait Measures: Sized {
    /// What users' functions see of requests and responses.
    type Heads: Heads;
    /// What it is built with, besides metrics and rules.
    type Options: Default + Clone + fmt::Debug;

    /// Puts it together. Without instruments it measures nothing and passes requests through.
    fn from_parts(
        instruments: Option<Instruments>,
        rules: Rules<Self::Heads>,
        options: Self::Options,
    ) -> Self;
}

type RequestOf<T> = <<T as Measures>::Heads as Heads>::Request;
type ResponseOf<T> = <<T as Measures>::Heads as Heads>::Response;

impl<T: Measures> Builder<T> {
    /// Starts from the defaults.
    ///
    /// Hidden: for adapters, whose users begin with the `builder` of the middleware.
    #[doc(hidden)]
    pub fn new() -> Self {
        Self {
            backend: Arc::new(Global),
            plan: Plan::default(),
            rules: Rules::default(),
            options: T::Options::default(),
        }
    }

    /// Sets where the metrics go. Defaults to what is installed globally.
    pub fn with_recorder(mut self, backend: impl Backend) -> Self {
        self.backend = Arc::new(backend);
        self
    }

    /// Sets the buckets of the request durations, in seconds. Defaults to [`Buckets::http`].
    pub fn with_duration_buckets(self, buckets: Buckets) -> Self {
        self.with_buckets(HttpMetric::Duration, buckets)
    }

    /// Sets the buckets of a histogram. Defaults to those of its
    /// [specification](HttpMetric::spec).
    pub fn with_buckets(mut self, metric: HttpMetric, buckets: Buckets) -> Self {
        self.plan.buckets.push((metric, buckets));
        self
    }

    /// Ends the request durations with the head of the response. Defaults to the end of its body.
    ///
    /// The duration is still recorded when the request ends; only the time it shows changes.
    pub fn with_duration_until_head(mut self) -> Self {
        self.plan.duration_until_head = true;
        self
    }

    /// Records the time until the head of the response, in seconds, as
    /// `http_response_time_to_first_byte_seconds`. Defaults to off.
    pub fn with_time_to_first_byte(self, buckets: Buckets) -> Self {
        self.with_metric(HttpMetric::TimeToFirstByte, buckets)
    }

    /// Records the bytes of the response body that were sent, as `http_response_size_bytes`.
    /// Defaults to off.
    pub fn with_response_size(self, buckets: Buckets) -> Self {
        self.with_metric(HttpMetric::ResponseSize, buckets)
    }

    /// Records the bytes of the request body that were read, as `http_request_size_bytes`.
    /// Defaults to off.
    ///
    /// On tower, a [`RequestSizeLayer`](crate::RequestSizeLayer) inside must count them.
    pub fn with_request_size(self, buckets: Buckets) -> Self {
        self.with_metric(HttpMetric::RequestSize, buckets)
    }

    fn with_metric(mut self, metric: HttpMetric, buckets: Buckets) -> Self {
        self.plan.on.push(metric);
        self.with_buckets(metric, buckets)
    }

    /// Switches a metric off, which then costs nothing. Defaults to on, but for the opt-in ones.
    pub fn without_metric(mut self, metric: HttpMetric) -> Self {
        self.plan.off.push(metric);
        self
    }

    /// Names a metric. Defaults to its [specification](HttpMetric::spec).
    pub fn with_metric_name(mut self, metric: HttpMetric, name: impl Into<String>) -> Self {
        self.plan.metric_names.push((metric, name.into()));
        self
    }

    /// Names a label. Defaults to [`HttpLabel::name`].
    pub fn with_label_name(mut self, label: HttpLabel, name: impl Into<String>) -> Self {
        self.plan.label_names.push((label, name.into()));
        self
    }

    /// Puts a prefix before the names of all metrics: `app` makes `app_http_requests_total`.
    /// Defaults to none.
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.plan.prefix = Some(prefix.into());
        self
    }

    /// Follows the [OpenTelemetry conventions] in names, labels and buckets:
    /// `http_server_request_duration_seconds`, whose `_count` counts the requests, and
    /// `http_server_active_requests`; the sizes, if they are on, get their names from there too.
    /// Which methods are known can be set in `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`. Defaults to
    /// Prometheus' usual names.
    ///
    /// [OpenTelemetry conventions]: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
    pub fn with_open_telemetry_names(mut self) -> Self {
        self.plan.convention = Convention::OpenTelemetry {
            known_methods: std::env::var("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS").ok(),
        };
        self
    }

    /// Adds a label with one value to every metric. Defaults to none.
    pub fn with_constant_label(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.plan.constant_labels.push((name.into(), value.into()));
        self
    }

    /// Shows the status by its class, `2xx`, instead of its code. Defaults to the code.
    pub fn with_status_class(mut self) -> Self {
        self.plan.status_class = true;
        self
    }

    /// Adds the label `http_version`: `1.1`, `2`, `3`. Defaults to off.
    pub fn with_http_version(mut self) -> Self {
        self.plan.http_version = true;
        self
    }

    /// Adds the label `scheme`: `http` or `https`, as the request's target has it, else `http`.
    /// Defaults to off.
    pub fn with_scheme(mut self) -> Self {
        self.plan.scheme = true;
        self
    }

    /// Adds the label `grpc_status` to the request counter: 0 to 16, empty where an answer has
    /// none. It is read from the trailers, else from the head; on actix-web, whose bodies have no
    /// trailers, from the head. With the [OpenTelemetry
    /// names](Self::with_open_telemetry_names) it is `rpc_grpc_status_code`, on the durations, which
    /// count the requests there. Defaults to off.
    pub fn with_grpc_status(mut self) -> Self {
        self.plan.grpc_status = true;
        self
    }

    /// Adds the label `endpoint` to the gauge of requests in flight. Defaults to off: actix-web
    /// knows the endpoint only after routing, and counts all under `unmatched`.
    pub fn with_in_flight_by_endpoint(mut self) -> Self {
        self.plan.in_flight_by_endpoint = true;
        self
    }

    /// Adds the label `status_code` to the request durations, so that those of failures can be told
    /// from those of successes. Costs the series of a histogram for each status of an endpoint.
    /// Defaults to off.
    pub fn with_duration_by_status(mut self) -> Self {
        self.plan.duration_by_status = true;
        self
    }

    /// Adds a label with the value of a request header, empty where there is none.
    ///
    /// The header comes from the client, so its values are [limited](Self::with_label_limit). Bytes
    /// that are not UTF-8 are shown as U+FFFD.
    pub fn with_label_from_header(mut self, name: impl Into<String>, header: &str) -> Self {
        self.plan.extra_labels.push(name.into());
        self.plan.headers.push(header.to_owned());
        self.rules.label_from_header(header.into());
        self
    }

    /// Adds a label with a value made of the request's head, empty for `None`. Its values are
    /// [limited](Self::with_label_limit). A function that panics is taken to say `None`.
    pub fn with_label_from_request(
        mut self,
        name: impl Into<String>,
        value: impl Fn(&RequestOf<T>) -> Option<Cow<'_, str>> + Send + Sync + 'static,
    ) -> Self {
        self.plan.extra_labels.push(name.into());
        self.rules.label_from_request(Arc::new(value));
        self
    }

    /// Adds a label with a value made of the response's head, empty for `None` and for requests
    /// without a response. Its values are [limited](Self::with_label_limit).
    pub fn with_label_from_response(
        mut self,
        name: impl Into<String>,
        value: impl Fn(&ResponseOf<T>) -> Option<Cow<'_, str>> + Send + Sync + 'static,
    ) -> Self {
        self.plan.extra_labels.push(name.into());
        self.rules.label_from_response(Arc::new(value));
        self
    }

    /// Leaves out requests for a route, given by its template; or by its [`Route`](crate::Route), if
    /// that is known when a request arrives.
    pub fn without_endpoint(mut self, template: &str) -> Self {
        self.rules.exclude_endpoint(template.into());
        self
    }

    /// Leaves out requests for a path and what lies below it: `/internal` leaves out
    /// `/internal/x`, and not `/internals`.
    pub fn without_path_prefix(mut self, prefix: &str) -> Self {
        self.plan.path_prefixes.push(prefix.to_owned());
        if prefix.starts_with('/') {
            self.rules.exclude_path_prefix(prefix.into());
        }
        self
    }

    /// Leaves out the requests for which `excluded` says so. A function that panics is taken to say
    /// `false`.
    pub fn without_requests(
        mut self,
        excluded: impl Fn(&RequestOf<T>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.rules.exclude(Arc::new(excluded));
        self
    }

    /// Sets how many endpoints are told apart; later ones become `other`. Defaults to 1 000.
    pub fn with_max_endpoints(mut self, max: usize) -> Self {
        self.plan.max_endpoints = max;
        self
    }

    /// Sets how many values of an extra label are told apart; later ones become `other`. The limits
    /// of several labels multiply: they bound the series of each endpoint. Defaults to 100.
    pub fn with_label_limit(mut self, name: impl Into<String>, max: usize) -> Self {
        self.plan.label_limits.push((name.into(), max));
        self
    }

    /// Measures nothing if the environment variable `name` is `0`, `false`, `off` or `no`. Defaults
    /// to no such variable.
    pub fn with_env_switch(mut self, name: &str) -> Self {
        if let Ok(value) = std::env::var(name) {
            let off = ["0", "false", "off", "no"];
            self.plan.disabled |= off.iter().any(|off| value.eq_ignore_ascii_case(off));
        }
        self
    }

    /// Builds the middleware, and declares its metrics.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the settings contradict each other or make no sense, or a metric cannot be
    /// declared, for example because its name was declared with other buckets before.
    pub fn build(self) -> Result<T, BuildError> {
        if self.plan.disabled {
            return Ok(T::from_parts(None, self.rules, self.options));
        }
        let instruments = Instruments::new(self.backend, self.plan.settings()?);
        instruments.declare()?;
        Ok(T::from_parts(Some(instruments), self.rules, self.options))
    }

    /// Builds the middleware. What [`build`](Self::build) would refuse is logged: a setting that
    /// makes no sense is left out, and what was declared before holds.
    pub fn build_or_warn(self) -> T {
        if self.plan.disabled {
            return T::from_parts(None, self.rules, self.options);
        }
        let settings = self.plan.settings().unwrap_or_else(|error| {
            tracing::warn!(%error, "a setting of the HTTP metrics makes no sense");
            self.plan.to_settings()
        });
        let instruments = Instruments::new(self.backend, settings);
        instruments.declare_or_warn();
        T::from_parts(Some(instruments), self.rules, self.options)
    }

    /// The part that only `T` knows; for its own setters.
    pub fn options_mut(&mut self) -> &mut T::Options {
        &mut self.options
    }
}

impl Instruments {
    /// The default metrics, into `backend`. If they cannot be declared, that is logged, and what
    /// was declared before holds.
    pub fn standard(backend: impl Backend) -> Self {
        let instruments = Self::new(Arc::new(backend), Plan::default().to_settings());
        instruments.declare_or_warn();
        instruments
    }
}

impl<T: Measures> fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("plan", &self.plan)
            .field("rules", &self.rules)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
