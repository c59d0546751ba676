//! The handle cache: endpoint to series, shared by every clone of a layer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;

use super::extra::ExtraLabels;
use super::guard::RequestGuard;
use super::series::Series;
use super::settings::Settings;
use super::source::Source;
use crate::backend::{Backend, DeclareError};
use crate::labels::Route;

/// The metrics of a layer: the cached handles, and the backend that they come from.
///
/// Clones share everything. Looking up the handles of a request takes no lock and allocates
/// nothing, once its endpoint was seen.
#[derive(Clone, Debug)]
pub struct Instruments {
    cache: Arc<Cache>,
}

/// Instruments that may be gone; see [`Instruments::downgrade`].
#[derive(Clone, Debug, Default)]
pub struct WeakInstruments {
    cache: Weak<Cache>,
}

/// Routes come from the application and are few, so this is read always and copied on write.
type Endpoints = HashMap<Arc<str>, Arc<Series>, foldhash::fast::RandomState>;

#[derive(Debug)]
pub(crate) struct Cache {
    source: Arc<Source>,
    endpoints: ArcSwap<Endpoints>,
    writing: Mutex<()>,
    /// For the series, which must not keep their cache alive.
    this: Weak<Self>,
}

impl Instruments {
    pub(crate) fn new(backend: Arc<dyn Backend>, settings: Settings) -> Self {
        Self {
            cache: Arc::new_cyclic(|this| Cache {
                source: Arc::new(Source::new(backend, settings)),
                endpoints: ArcSwap::default(),
                writing: Mutex::default(),
                this: Weak::clone(this),
            }),
        }
    }

    /// A reference that does not keep the instruments, nor the recorder below them.
    pub fn downgrade(&self) -> WeakInstruments {
        WeakInstruments { cache: Arc::downgrade(&self.cache) }
    }

    pub(crate) fn declare(&self) -> Result<(), DeclareError> {
        self.cache.source.declare()
    }

    pub(crate) fn declare_or_warn(&self) {
        self.cache.source.is_recording();
    }

    /// Whether the size of request bodies is recorded, so that somebody has to count their bytes
    /// ([`RequestGuard::watch_request_bytes`]).
    pub fn measures_request_size(&self) -> bool {
        self.cache.source.settings().request_size.is_some()
    }

    /// The index of the label `http_version`, if it is on.
    pub(super) fn http_version_label(&self) -> Option<usize> {
        self.cache.source.settings().http_version
    }

    /// The index of the label `scheme`, if it is on.
    pub(super) fn scheme_label(&self) -> Option<usize> {
        self.cache.source.settings().scheme
    }

    /// Whether there are labels that say over which protocol a request came.
    pub fn labels_by_protocol(&self) -> bool {
        self.http_version_label().is_some() || self.scheme_label().is_some()
    }

    /// The index of the first extra label that a rule makes.
    pub(super) fn first_own_label(&self) -> usize {
        self.cache.source.settings().first_own_label
    }

    /// The values of the extra labels for [`start`](Self::start), all empty at first.
    pub(super) fn extra_labels(&self) -> ExtraLabels {
        ExtraLabels::new(&self.cache.source)
    }

    /// Sets the value of the extra label `index` in `labels`; a value that is one too many is
    /// replaced and counted.
    pub(super) fn set_label(&self, labels: &mut ExtraLabels, index: usize, value: &str) {
        labels.set(&self.cache.source, index, value);
    }

    /// Counts in a request that arrived now; the guard counts it out.
    ///
    /// `route` is the template of the matched route, `None` if no route matched or none is known
    /// yet ([`RequestGuard::set_route`]).
    pub fn start(&self, method: &str, route: Option<&str>, labels: ExtraLabels) -> RequestGuard {
        let series = self.cache.series(route.unwrap_or(Route::UNMATCHED));
        RequestGuard::new(series, method, labels)
    }
}

impl WeakInstruments {
    /// The instruments, if anybody still holds them.
    pub fn upgrade(&self) -> Option<Instruments> {
        Some(Instruments { cache: self.cache.upgrade()? })
    }
}

impl Cache {
    /// The series of `endpoint`, or of the overflow value if there are too many endpoints.
    pub(crate) fn series(&self, endpoint: &str) -> Arc<Series> {
        let endpoints = self.endpoints.load();
        if let Some(series) = endpoints.get(endpoint) {
            return Arc::clone(series);
        }
        drop(endpoints);
        self.insert(endpoint)
    }

    #[cold]
    fn insert(&self, endpoint: &str) -> Arc<Series> {
        let reserved = [Route::UNMATCHED, Route::OVERFLOW].contains(&endpoint);
        if !reserved && !self.source.admits_endpoint(endpoint) {
            return self.series(Route::OVERFLOW);
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoints = self.endpoints.load();
        if let Some(series) = endpoints.get(endpoint) {
            return Arc::clone(series);
        }
        self.put(&endpoints, endpoint.into())
    }

    /// Replaces series whose handles are stale.
    #[cold]
    pub(crate) fn renew(&self, stale: &Arc<Series>) -> Arc<Series> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoints = self.endpoints.load();
        match endpoints.get(stale.endpoint()) {
            Some(current) if !Arc::ptr_eq(current, stale) => Arc::clone(current),
            _ => self.put(&endpoints, Arc::clone(stale.endpoint())),
        }
    }

    fn put(&self, endpoints: &Endpoints, endpoint: Arc<str>) -> Arc<Series> {
        let series = Arc::new(Series::new(
            Arc::clone(&endpoint),
            Arc::clone(&self.source),
            Weak::clone(&self.this),
        ));
        let mut endpoints = endpoints.clone();
        endpoints.insert(endpoint, Arc::clone(&series));
        self.endpoints.store(Arc::new(endpoints));
        series
    }
}
