//! The metrics of a middleware, as its requests find them.

use std::sync::Arc;

use super::endpoints::Endpoints;
use super::extra::ExtraLabels;
use super::guard::RequestGuard;
use super::settings::Settings;
use super::source::Source;
use crate::backend::{Backend, DeclareError};
use crate::labels::Method;

/// The metrics of a layer: the cached handles, and the backend that they come from.
///
/// Clones share everything. Looking up the handles of a request takes no lock and allocates
/// nothing, once its endpoint was seen.
#[derive(Clone, Debug)]
pub struct Instruments {
    cache: Arc<Endpoints>,
}

impl Instruments {
    pub(crate) fn new(backend: Arc<dyn Backend>, settings: Settings) -> Self {
        Self { cache: Endpoints::new(Arc::new(Source::new(backend, settings))) }
    }

    /// The same metrics, limits included, with a cache of its own.
    ///
    /// Each request counts up and down who uses the handles of its route; threads that have a
    /// cache each do that without waiting for each other.
    #[must_use]
    pub fn with_own_cache(&self) -> Self {
        Self { cache: Endpoints::new(Arc::clone(self.cache.source())) }
    }

    pub(crate) fn declare(&self) -> Result<(), DeclareError> {
        self.cache.source().declare()
    }

    pub(crate) fn declare_or_warn(&self) {
        self.cache.source().declare_or_warn();
    }

    /// Whether the size of request bodies is recorded, so that somebody has to count their bytes
    /// ([`RequestGuard::watch_request_bytes`]).
    pub fn measures_request_size(&self) -> bool {
        self.cache.source().settings().request_size.is_some()
    }

    /// The index of the label `http_version`, if it is on.
    pub(super) fn http_version_label(&self) -> Option<usize> {
        self.cache.source().settings().http_version
    }

    /// The index of the label `scheme`, if it is on.
    pub(super) fn scheme_label(&self) -> Option<usize> {
        self.cache.source().settings().scheme
    }

    /// Whether there are labels that say over which protocol a request came.
    pub fn labels_by_protocol(&self) -> bool {
        self.http_version_label().is_some() || self.scheme_label().is_some()
    }

    /// The index of the first extra label that a rule makes.
    pub(super) fn first_own_label(&self) -> usize {
        self.cache.source().settings().first_own_label
    }

    /// The values of the extra labels for [`start`](Self::start), all empty at first.
    pub(super) fn extra_labels(&self) -> ExtraLabels {
        ExtraLabels::new(self.cache.source())
    }

    /// Sets the value of the extra label `index` in `labels`; a value that is one too many is
    /// replaced and counted.
    pub(super) fn set_label(&self, labels: &mut ExtraLabels, index: usize, value: &str) {
        labels.set(self.cache.source(), index, value);
    }

    /// Counts in a request that arrived now; the guard counts it out.
    ///
    /// `written` is the method as the request has it, `method` what that is known as. `route` is the
    /// template of the matched route, `None` if no route matched or none is known yet
    /// ([`RequestGuard::set_route`]).
    #[inline]
    pub fn start(
        &self,
        method: Method,
        written: &(impl AsRef<str> + ?Sized),
        route: Option<&str>,
        labels: ExtraLabels,
    ) -> RequestGuard {
        let mut guard = self.start_in(method, written, route, self.in_flight_labels(&labels));
        guard.set_labels(labels);
        guard
    }

    /// Counts in a request that has these of the extra labels.
    #[inline]
    pub(crate) fn start_in(
        &self,
        method: Method,
        written: &(impl AsRef<str> + ?Sized),
        route: Option<&str>,
        labels: &[Arc<str>],
    ) -> RequestGuard {
        let label = self.cache.source().settings().methods.label(method, || written.as_ref());
        RequestGuard::new(self.cache.series(route, label, labels), method, route.is_some())
    }

    /// Those labels that a request is counted in by.
    #[inline]
    pub(crate) fn in_flight_labels<'a>(&self, labels: &'a ExtraLabels) -> &'a [Arc<str>] {
        let by_extra = self.cache.source().settings().in_flight_by_extra;
        if by_extra { labels.values() } else { &[] }
    }

    /// Names the route of a request that these instruments counted in; as
    /// [`RequestGuard::set_route`], which has to look for them.
    #[inline]
    pub fn set_route(&self, guard: &mut RequestGuard, route: &str) {
        guard.set_route_in(&self.cache, route);
    }
}
