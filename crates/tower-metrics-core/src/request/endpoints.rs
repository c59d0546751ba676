//! The handle cache: endpoint, method and extra labels to series. A layer has one for each thread.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::append_list::AppendList;
use super::series::Series;
use super::source::Source;
use crate::labels::{MethodLabel, Route};

/// How many lists the series are spread over; at the default limit of endpoints, eight to a list for
/// each method.
const LISTS: usize = 128;

/// The series of a middleware, as one thread has met them. Those without extra labels whose handles
/// stay good are never removed, so that they are found without a lock, and without counting who looks;
/// for all others there is a lock.
#[derive(Debug)]
pub(crate) struct Endpoints {
    source: Arc<Source>,
    /// Series without extra labels whose handles stay good.
    lists: [AppendList<Arc<Series>>; LISTS],
    /// Likewise, of requests that matched no route; apart, since some frameworks know no route when
    /// a request arrives.
    unmatched: AppendList<Arc<Series>>,
    /// All others, by endpoint and extra labels.
    others: RwLock<Map<Box<str>, OfEndpoint>>,
    hasher: foldhash::fast::RandomState,
    /// For the series, which must not keep their cache alive.
    this: Weak<Self>,
}

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// By extra labels the series of one endpoint, those of all methods together.
type OfEndpoint = Map<Box<[Arc<str>]>, Vec<Arc<Series>>>;

impl Endpoints {
    pub(crate) fn new(source: Arc<Source>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            source,
            lists: [const { AppendList::new() }; LISTS],
            unmatched: AppendList::new(),
            others: RwLock::default(),
            hasher: foldhash::fast::RandomState::default(),
            this: Weak::clone(this),
        })
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The series of these label values, for requests that matched this route or none; the overflow
    /// value stands in if there are too many endpoints.
    #[inline]
    pub(crate) fn series(
        &self,
        route: Option<&str>,
        method: MethodLabel,
        extra: &[Arc<str>],
    ) -> Arc<Series> {
        if extra.is_empty()
            && let Some(series) = self.find(route, method)
        {
            return Arc::clone(series);
        }
        self.look_further(route, method, extra)
    }

    #[inline]
    fn find(&self, route: Option<&str>, method: MethodLabel) -> Option<&Arc<Series>> {
        match route {
            Some(route) => self.list(route, method).find(|series| series.is_of(route, method)),
            None => self.unmatched.find(|series| series.method() == method),
        }
    }

    /// The list of an endpoint and a method: the methods of an endpoint are in lists next to each other,
    /// so that nobody looks for one behind all those that a client thought of.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
    #[expect(clippy::indexing_slicing, reason = "the remainder is less than the length")]
    fn list(&self, endpoint: &str, method: MethodLabel) -> &AppendList<Arc<Series>> {
        let index = (self.hasher.hash_one(endpoint) as usize).wrapping_add(method.number());
        &self.lists[index % LISTS]
    }

    #[cold]
    #[inline(never)]
    fn look_further(
        &self,
        route: Option<&str>,
        method: MethodLabel,
        extra: &[Arc<str>],
    ) -> Arc<Series> {
        if let Some(known) = self.find_other(route, method, extra) {
            return known;
        }
        match self.admitted(route) {
            admitted if admitted == route => self.find_or_make(route, method, extra),
            stand_in => self.series(stand_in, method, extra),
        }
    }

    fn find_other(
        &self,
        route: Option<&str>,
        method: MethodLabel,
        extra: &[Arc<str>],
    ) -> Option<Arc<Series>> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        let of_methods = others.get(route.unwrap_or(Route::UNMATCHED))?.get(extra)?;
        of_methods.iter().find(|series| series.method() == method).cloned()
    }

    /// The route to count under: none, or the overflow value, stands in where there must not be one
    /// more.
    fn admitted<'a>(&self, route: Option<&'a str>) -> Option<&'a str> {
        let route = route.filter(|route| *route != Route::UNMATCHED)?;
        let is_kept = route == Route::OVERFLOW || self.source.admits_endpoint(route);
        Some(if is_kept { route } else { Route::OVERFLOW })
    }

    /// The series of a route that was admitted, unless they are among the others already.
    fn find_or_make(
        &self,
        route: Option<&str>,
        method: MethodLabel,
        extra: &[Arc<str>],
    ) -> Arc<Series> {
        let endpoint = route.unwrap_or(Route::UNMATCHED);
        let (source, cache) = (Arc::clone(&self.source), Weak::clone(&self.this));
        let series = Arc::new(Series::new(source, cache, endpoint.into(), method, extra.into()));
        // What is in a list stays there, so nothing that goes stale may come into one.
        if extra.is_empty() && series.is_kept() {
            let list = route.map_or(&self.unmatched, |route| self.list(route, method));
            let is_sought = |known: &Arc<Series>| known.is_of(endpoint, method);
            return Arc::clone(list.find_or_append(is_sought, || Arc::clone(&series)));
        }
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        let of_endpoint = others.entry(endpoint.into()).or_default();
        let of_methods = of_endpoint.entry(extra.into()).or_default();
        if let Some(known) = of_methods.iter().find(|known| known.method() == method) {
            return Arc::clone(known);
        }
        of_methods.push(Arc::clone(&series));
        series
    }

    /// Replaces a series whose handles are stale.
    #[cold]
    pub(crate) fn renew(&self, stale: &Series) -> Arc<Series> {
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        let of_endpoint = others.get_mut(stale.endpoint());
        if let Some(of_methods) = of_endpoint.and_then(|of_extra| of_extra.get_mut(stale.extra())) {
            // Others that found it stale may have been here before.
            of_methods.retain(|series| !ptr::eq(Arc::as_ptr(series), stale));
        }
        drop(others);
        self.series(Some(stale.endpoint()), stale.method(), stale.extra())
    }
}
