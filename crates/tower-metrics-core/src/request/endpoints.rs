//! The handle cache: endpoint, method and extra labels to series. A layer has one for each thread.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use super::append_list::AppendList;
use super::series::Series;
use super::source::Source;
use crate::labels::{MethodLabel, Route};

/// How many lists the endpoints are spread over; at the default limit of endpoints, eight to a list
/// for each method.
const LISTS: usize = 128;

/// The series of a middleware, as one thread has met them. Of those whose handles stay good nothing
/// is ever removed, so what was seen before is found without a lock, and without counting who looks.
#[derive(Debug)]
pub(crate) struct Endpoints {
    source: Arc<Source>,
    /// Series without extra labels whose handles stay good.
    lists: [AppendList<Arc<Series>>; LISTS],
    /// Likewise, of requests that matched no route; apart, since some frameworks know no route when
    /// a request arrives.
    unmatched: AppendList<Arc<Series>>,
    /// All others, by endpoint.
    others: RwLock<HashMap<Box<str>, Others, foldhash::fast::RandomState>>,
    /// For the series, which must not keep their cache alive.
    this: Weak<Self>,
}

type Others = HashMap<OtherKey, Arc<Series>, foldhash::fast::RandomState>;
type OtherKey = (MethodLabel, Box<[Arc<str>]>);

impl Endpoints {
    pub(crate) fn new(source: Arc<Source>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            source,
            lists: [const { AppendList::new() }; LISTS],
            unmatched: AppendList::new(),
            others: RwLock::default(),
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
            Some(route) => self.list(route).find(|series| series.is_of(route, method)),
            None => self.unmatched.find(|series| series.method() == method),
        }
    }

    /// The list of an endpoint, by its length and what stands at its middle and its end: templates
    /// that are alike differ there, and few are in one list if some do not.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "seven bits are less than the length")]
    fn list(&self, endpoint: &str) -> &AppendList<Arc<Series>> {
        const { assert!(LISTS == 1 << 7) };
        let bytes = endpoint.as_bytes();
        let (_, second_half) = bytes.split_at(bytes.len() / 2);
        let number = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk));
        let (middle, end) = (number(second_half.first_chunk()), number(bytes.last_chunk()));
        let mixed =
            (middle.rotate_left(32) ^ end ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &self.lists[(mixed >> 57) as usize]
    }

    #[cold]
    #[inline(never)]
    fn look_further(
        &self,
        route: Option<&str>,
        method: MethodLabel,
        extra: &[Arc<str>],
    ) -> Arc<Series> {
        let key = (method, Box::from(extra));
        self.find_other(route, &key).unwrap_or_else(|| {
            let route = self.admitted(route);
            let known = if extra.is_empty() { self.find(route, method).cloned() } else { None };
            let known = known.or_else(|| self.find_other(route, &key));
            known.unwrap_or_else(|| self.make(route, key))
        })
    }

    fn find_other(&self, route: Option<&str>, key: &OtherKey) -> Option<Arc<Series>> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        others.get(route.unwrap_or(Route::UNMATCHED))?.get(key).cloned()
    }

    /// The route to count under: none, or the overflow value, stands in where there must not be one
    /// more.
    fn admitted<'a>(&self, route: Option<&'a str>) -> Option<&'a str> {
        let route = route.filter(|route| *route != Route::UNMATCHED)?;
        let is_kept = route == Route::OVERFLOW || self.source.admits_endpoint(route);
        Some(if is_kept { route } else { Route::OVERFLOW })
    }

    /// The series of a route that was admitted, made if it is not there.
    fn make(&self, route: Option<&str>, key: OtherKey) -> Arc<Series> {
        let endpoint = route.unwrap_or(Route::UNMATCHED);
        let (source, cache) = (Arc::clone(&self.source), Weak::clone(&self.this));
        let (method, extra) = key.clone();
        let series = Arc::new(Series::new(source, cache, endpoint.into(), method, extra));
        if key.1.is_empty() && series.is_kept() {
            let list = route.map_or(&self.unmatched, |route| self.list(route));
            let is_sought = |known: &Arc<Series>| known.is_of(endpoint, method);
            return Arc::clone(list.find_or_append(is_sought, || Arc::clone(&series)));
        }
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        let of_endpoint = others.entry(endpoint.into()).or_default();
        Arc::clone(of_endpoint.entry(key).or_insert(series))
    }

    /// Replaces a series whose handles are stale.
    #[cold]
    pub(crate) fn renew(&self, stale: &Arc<Series>) -> Arc<Series> {
        let (method, extra) = (stale.method(), stale.extra());
        let key = (method, Box::from(extra));
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_endpoint) = others.get_mut(stale.endpoint())
            // Others that found it stale may have been here before.
            && of_endpoint.get(&key).is_some_and(|series| Arc::ptr_eq(series, stale))
        {
            of_endpoint.remove(&key);
        }
        drop(others);
        self.series(Some(stale.endpoint()), method, extra)
    }
}
