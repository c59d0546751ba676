//! What only the tower middleware can be told: functions of requests and responses.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, Version};

use super::head::{RequestHead, ResponseHead};
use super::layer::MetricsLayer;
use super::resolver::RouteResolver;
use super::unmeasured::Unmeasured;
use crate::request::{Builder, ExtraLabels, Instruments, RequestGuard};

/// What a [`MetricsLayer`] is built with, besides the metrics.
#[derive(Clone)]
pub struct MetricsLayerOptions {
    pub(super) routes: RouteResolver,
    excluded: Vec<Exclusion>,
    /// In the order in which the labels were added.
    labels: Vec<LabelSource>,
}

#[derive(Clone)]
enum Exclusion {
    Endpoint(Box<str>),
    PathPrefix(Box<str>),
    Function(Arc<dyn Fn(RequestHead<'_>) -> bool + Send + Sync>),
}

#[derive(Clone)]
enum LabelSource {
    RequestHeader(HeaderName),
    Request(Arc<RequestValue>),
    Response(Arc<ResponseValue>),
}

type RequestValue = dyn Fn(RequestHead<'_>) -> Option<Cow<'_, str>> + Send + Sync;
type ResponseValue = dyn Fn(ResponseHead<'_>) -> Option<Cow<'_, str>> + Send + Sync;

impl Builder<MetricsLayer> {
    /// Sets where the route of a request comes from. Defaults to
    /// [`RouteResolver::unknown`], so that requests are `unmatched` until a
    /// [`Route`](crate::Route) names them; the adapters of routers set it.
    pub fn with_routes(mut self, routes: RouteResolver) -> Self {
        self.options_mut().routes = routes;
        self
    }

    /// Leaves out requests for a route, given by its template.
    pub fn without_endpoint(mut self, template: impl Into<Box<str>>) -> Self {
        self.options_mut().excluded.push(Exclusion::Endpoint(template.into()));
        self
    }

    /// Leaves out requests for a path and what lies below it: `/internal` leaves out
    /// `/internal/x`, and not `/internals`.
    pub fn without_path_prefix(mut self, prefix: impl Into<Box<str>>) -> Self {
        self.options_mut().excluded.push(Exclusion::PathPrefix(prefix.into()));
        self
    }

    /// Leaves out the requests for which `excluded` says so.
    pub fn without_requests(
        mut self,
        excluded: impl Fn(RequestHead<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.options_mut().excluded.push(Exclusion::Function(Arc::new(excluded)));
        self
    }

    /// Adds a label with the value of a request header, empty where there is none.
    ///
    /// The header comes from the client, so its values are [limited](Self::with_label_limit). Bytes
    /// that are not UTF-8 are shown as `�`.
    pub fn with_label_from_header(mut self, name: impl Into<String>, header: HeaderName) -> Self {
        self.options_mut().labels.push(LabelSource::RequestHeader(header));
        self.add_extra_label(name);
        self
    }

    /// Adds a label with a value made of the request's head, empty for `None`. Its values are
    /// [limited](Self::with_label_limit).
    pub fn with_label_from_request(
        mut self,
        name: impl Into<String>,
        value: impl Fn(RequestHead<'_>) -> Option<Cow<'_, str>> + Send + Sync + 'static,
    ) -> Self {
        self.options_mut().labels.push(LabelSource::Request(Arc::new(value)));
        self.add_extra_label(name);
        self
    }

    /// Adds a label with a value made of the response's head, empty for `None` and for requests
    /// without a response. Its values are [limited](Self::with_label_limit).
    pub fn with_label_from_response(
        mut self,
        name: impl Into<String>,
        value: impl Fn(ResponseHead<'_>) -> Option<Cow<'_, str>> + Send + Sync + 'static,
    ) -> Self {
        self.options_mut().labels.push(LabelSource::Response(Arc::new(value)));
        self.add_extra_label(name);
        self
    }
}

impl MetricsLayerOptions {
    /// Whether a request for this route is not to be measured.
    pub(super) fn excludes(&self, head: RequestHead<'_>, route: Option<&str>) -> bool {
        head.extensions.get::<Unmeasured>().is_some()
            || self.excluded.iter().any(|exclusion| match exclusion {
                Exclusion::Endpoint(template) => route == Some(&**template),
                Exclusion::PathPrefix(prefix) => is_below(head.uri.path(), prefix),
                Exclusion::Function(excludes) => excludes(head),
            })
    }

    /// The values of the labels that are known when a request arrives.
    pub(super) fn request_labels(
        &self,
        instruments: &Instruments,
        head: RequestHead<'_>,
    ) -> ExtraLabels {
        let mut labels = instruments.extra_labels();
        if let Some(index) = instruments.http_version_label() {
            instruments.set_label(&mut labels, index, version(head.version));
        }
        if let Some(index) = instruments.scheme_label() {
            instruments.set_label(&mut labels, index, scheme(head));
        }
        for (index, source) in (instruments.first_own_label()..).zip(&self.labels) {
            let value = match source {
                LabelSource::RequestHeader(name) => header(head.headers, name),
                LabelSource::Request(value) => value(head),
                LabelSource::Response(_) => None,
            };
            if let Some(value) = value {
                instruments.set_label(&mut labels, index, &value);
            }
        }
        labels
    }

    /// Adds the values of the labels that are known when a response is there.
    pub(super) fn add_response_labels(
        &self,
        instruments: &Instruments,
        head: ResponseHead<'_>,
        guard: &mut RequestGuard,
    ) {
        for (index, source) in (instruments.first_own_label()..).zip(&self.labels) {
            if let LabelSource::Response(value) = source
                && let Some(value) = value(head)
            {
                guard.set_label(index, &value);
            }
        }
    }

    /// Whether there are labels that come from responses.
    pub(super) fn has_response_labels(&self) -> bool {
        self.labels.iter().any(|source| matches!(source, LabelSource::Response(_)))
    }
}

fn is_below(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

fn scheme(head: RequestHead<'_>) -> &'static str {
    match head.uri.scheme_str() {
        None | Some("http") => "http",
        Some("https") => "https",
        Some(_) => "other",
    }
}

impl Default for MetricsLayerOptions {
    fn default() -> Self {
        Self { routes: RouteResolver::unknown(), excluded: Vec::new(), labels: Vec::new() }
    }
}

impl fmt::Debug for MetricsLayerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayerOptions")
            .field("routes", &self.routes)
            .field("excluded", &self.excluded.len())
            .field("labels", &self.labels.len())
            .finish()
    }
}
