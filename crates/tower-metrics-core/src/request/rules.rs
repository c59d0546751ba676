//! What users say about single requests: which are left out, and what labels they get.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use super::extra::ExtraLabels;
use super::guard::RequestGuard;
use super::instruments::Instruments;

/// What users' functions see of requests and responses in a framework.
pub trait Heads: 'static {
    /// The head of a request.
    type Request: 'static;
    /// The head of a response.
    type Response: 'static;

    /// The path of the request's target.
    fn path(request: &Self::Request) -> &str;
    /// The version, as the label `http_version` shows it.
    fn version(request: &Self::Request) -> &'static str;
    /// The scheme of the request's target, if it has one.
    fn scheme(request: &Self::Request) -> Option<&str>;
    /// The value of a header.
    fn header<'a>(request: &'a Self::Request, name: &str) -> Option<&'a [u8]>;
}

/// Which requests are left out, and where extra labels come from.
pub struct Rules<H: Heads> {
    excluded: Vec<Exclusion<H>>,
    /// In the order in which the labels were added.
    labels: Vec<LabelSource<H>>,
}

enum Exclusion<H: Heads> {
    Endpoint(Arc<str>),
    PathPrefix(Arc<str>),
    Function(Arc<Excludes<H>>),
}

enum LabelSource<H: Heads> {
    Header(Arc<str>),
    Request(Arc<RequestValue<H>>),
    Response(Arc<ResponseValue<H>>),
}

pub(crate) type Excludes<H> = dyn Fn(&<H as Heads>::Request) -> bool + Send + Sync;
pub(crate) type RequestValue<H> =
    dyn Fn(&<H as Heads>::Request) -> Option<Cow<'_, str>> + Send + Sync;
pub(crate) type ResponseValue<H> =
    dyn Fn(&<H as Heads>::Response) -> Option<Cow<'_, str>> + Send + Sync;

impl<H: Heads> Rules<H> {
    pub(super) fn exclude_endpoint(&mut self, template: Arc<str>) {
        self.excluded.push(Exclusion::Endpoint(template));
    }

    pub(super) fn exclude_path_prefix(&mut self, prefix: Arc<str>) {
        self.excluded.push(Exclusion::PathPrefix(prefix));
    }

    pub(super) fn exclude(&mut self, excludes: Arc<Excludes<H>>) {
        self.excluded.push(Exclusion::Function(excludes));
    }

    pub(super) fn label_from_header(&mut self, header: Arc<str>) {
        self.labels.push(LabelSource::Header(header));
    }

    pub(super) fn label_from_request(&mut self, value: Arc<RequestValue<H>>) {
        self.labels.push(LabelSource::Request(value));
    }

    pub(super) fn label_from_response(&mut self, value: Arc<ResponseValue<H>>) {
        self.labels.push(LabelSource::Response(value));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.excluded.is_empty() && self.labels.is_empty()
    }

    /// Whether routes matter for what is left out.
    pub fn excludes_endpoints(&self) -> bool {
        self.excluded.iter().any(|exclusion| matches!(exclusion, Exclusion::Endpoint(_)))
    }

    /// Whether a request for this route is left out.
    pub fn excludes(&self, request: &H::Request, route: Option<&str>) -> bool {
        self.excluded.iter().any(|exclusion| match exclusion {
            Exclusion::Endpoint(template) => route == Some(&**template),
            Exclusion::PathPrefix(prefix) => is_below(H::path(request), prefix),
            Exclusion::Function(excludes) => {
                unless_it_panics(|| excludes(request)).unwrap_or(false)
            }
        })
    }

    /// The values of the labels that are known when a request arrives.
    pub fn request_labels(&self, instruments: &Instruments, request: &H::Request) -> ExtraLabels {
        let mut labels = instruments.extra_labels();
        if let Some(index) = instruments.http_version_label() {
            instruments.set_label(&mut labels, index, H::version(request));
        }
        if let Some(index) = instruments.scheme_label() {
            instruments.set_label(&mut labels, index, scheme(H::scheme(request)));
        }
        for (index, source) in (instruments.first_own_label()..).zip(&self.labels) {
            let value = match source {
                LabelSource::Header(name) => H::header(request, name).map(String::from_utf8_lossy),
                LabelSource::Request(value) => unless_it_panics(|| value(request)).flatten(),
                LabelSource::Response(_) => None,
            };
            if let Some(value) = value {
                instruments.set_label(&mut labels, index, &value);
            }
        }
        labels
    }

    /// Whether there are labels that come from responses.
    pub fn has_response_labels(&self) -> bool {
        self.labels.iter().any(|source| matches!(source, LabelSource::Response(_)))
    }

    /// Adds the values of the labels that are known when a response is there.
    pub fn add_response_labels(
        &self,
        instruments: &Instruments,
        response: &H::Response,
        guard: &mut RequestGuard,
    ) {
        for (index, source) in (instruments.first_own_label()..).zip(&self.labels) {
            if let LabelSource::Response(value) = source
                && let Some(value) = unless_it_panics(|| value(response)).flatten()
            {
                guard.set_label(index, &value);
            }
        }
    }
}

/// Calls a user's function. One that panics does not disturb the request: its answer is missing, and
/// that is logged once in a process.
pub fn unless_it_panics<T>(function: impl FnOnce() -> T) -> Option<T> {
    static LOGGED: Once = Once::new();

    let result = catch_unwind(AssertUnwindSafe(function));
    if result.is_err() {
        LOGGED.call_once(|| {
            tracing::error!(
                "a function that metrics were configured with panicked; it is left out"
            );
        });
    }
    result.ok()
}

fn is_below(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn scheme(scheme: Option<&str>) -> &'static str {
    match scheme {
        None | Some("http") => "http",
        Some("https") => "https",
        Some(_) => "other",
    }
}

impl<H: Heads> Default for Rules<H> {
    fn default() -> Self {
        Self { excluded: Vec::new(), labels: Vec::new() }
    }
}

impl<H: Heads> Clone for Rules<H> {
    fn clone(&self) -> Self {
        let exclusion = |exclusion: &Exclusion<H>| match exclusion {
            Exclusion::Endpoint(template) => Exclusion::Endpoint(Arc::clone(template)),
            Exclusion::PathPrefix(prefix) => Exclusion::PathPrefix(Arc::clone(prefix)),
            Exclusion::Function(excludes) => Exclusion::Function(Arc::clone(excludes)),
        };
        let source = |source: &LabelSource<H>| match source {
            LabelSource::Header(name) => LabelSource::Header(Arc::clone(name)),
            LabelSource::Request(value) => LabelSource::Request(Arc::clone(value)),
            LabelSource::Response(value) => LabelSource::Response(Arc::clone(value)),
        };
        Self {
            excluded: self.excluded.iter().map(exclusion).collect(),
            labels: self.labels.iter().map(source).collect(),
        }
    }
}

impl<H: Heads> fmt::Debug for Rules<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("excluded", &self.excluded.len())
            .field("labels", &self.labels.len())
            .finish()
    }
}
