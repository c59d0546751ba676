//! The handle cache: endpoint, method and extra labels to series. A layer has one for each thread.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

use super::append_list::AppendList;
use super::series::Series;
use super::source::Source;
use crate::labels::{MethodLabel, Route};

/// How many lists the endpoints are spread over; at the default limit of endpoints, eight to a list.
const LISTS: usize = 128;

/// The series of a middleware, as one thread has met them. Nothing is ever removed, so what was seen
/// before is found without a lock, and without counting who looks.
#[derive(Debug)]
pub(crate) struct Endpoints {
    source: Arc<Source>,
    lists: [OnceLock<Box<List>>; LISTS],
    /// Apart from the others, since some frameworks know no route when a request arrives.
    unmatched: (Arc<str>, Endpoint),
    hasher: foldhash::fast::RandomState,
    /// For the series, which must not keep their cache alive.
    this: Weak<Self>,
}

type List = AppendList<Arc<str>, Endpoint>;

/// The series of one endpoint.
#[derive(Debug, Default)]
struct Endpoint {
    methods: AppendList<MethodLabel, Slot>,
    /// Looked up apart, so that who has no extra labels does not pay for them.
    by_extra: RwLock<ByExtra>,
}

type ByExtra = HashMap<(MethodLabel, Box<[Arc<str>]>), Arc<Slot>, foldhash::fast::RandomState>;

/// The series of one set of label values.
#[derive(Debug, Default)]
struct Slot {
    /// One whose handles stay good.
    kept: OnceLock<Arc<Series>>,
    /// One whose handles may go stale.
    current: Mutex<Option<Arc<Series>>>,
}

impl Endpoints {
    pub(crate) fn new(source: Arc<Source>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            source,
            lists: [const { OnceLock::new() }; LISTS],
            unmatched: (Route::UNMATCHED.into(), Endpoint::default()),
            hasher: foldhash::fast::RandomState::default(),
            this: Weak::clone(this),
        })
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The series of these label values; the overflow value stands in if there are too many
    /// endpoints.
    pub(crate) fn series(
        &self,
        endpoint: &str,
        method: MethodLabel,
        extra: &[Arc<str>],
    ) -> Arc<Series> {
        self.series_in(self.endpoint(endpoint), method, extra)
    }

    /// The series of these label values for requests that matched no route.
    pub(crate) fn unmatched(&self, method: MethodLabel, extra: &[Arc<str>]) -> Arc<Series> {
        self.series_in(self.unmatched_endpoint(), method, extra)
    }

    fn series_in(
        &self,
        (name, endpoint): (&Arc<str>, &Endpoint),
        method: MethodLabel,
        extra: &[Arc<str>],
    ) -> Arc<Series> {
        let make = || self.make(name, method, extra);
        endpoint.with_slot(method, extra, |slot| slot.series(make))
    }

    /// Replaces a series whose handles are stale.
    #[cold]
    pub(crate) fn renew(&self, stale: &Arc<Series>) -> Arc<Series> {
        let (method, extra) = (stale.method(), stale.extra());
        let (name, endpoint) = self.endpoint(stale.endpoint());
        let make = || self.make(name, method, extra);
        endpoint.with_slot(method, extra, |slot| slot.renew(stale, make))
    }

    fn make(&self, endpoint: &Arc<str>, method: MethodLabel, extra: &[Arc<str>]) -> Arc<Series> {
        let (source, cache) = (Arc::clone(&self.source), Weak::clone(&self.this));
        Arc::new(Series::new(source, cache, Arc::clone(endpoint), method, extra.into()))
    }

    fn endpoint(&self, endpoint: &str) -> (&Arc<str>, &Endpoint) {
        let list = self.list(endpoint);
        list.find(|name| **name == *endpoint).unwrap_or_else(|| self.insert(endpoint))
    }

    fn unmatched_endpoint(&self) -> (&Arc<str>, &Endpoint) {
        let (name, endpoint) = &self.unmatched;
        (name, endpoint)
    }

    #[cold]
    fn insert(&self, endpoint: &str) -> (&Arc<str>, &Endpoint) {
        if endpoint == Route::UNMATCHED {
            return self.unmatched_endpoint();
        }
        if endpoint != Route::OVERFLOW && !self.source.admits_endpoint(endpoint) {
            return self.endpoint(Route::OVERFLOW);
        }
        self.list(endpoint).get_or_insert_with(&endpoint.into(), Endpoint::default)
    }

    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
    #[expect(clippy::indexing_slicing, reason = "the remainder is less than the length")]
    fn list(&self, endpoint: &str) -> &List {
        self.lists[self.hasher.hash_one(endpoint) as usize % LISTS].get_or_init(Box::default)
    }
}

impl Endpoint {
    fn with_slot<T>(
        &self,
        method: MethodLabel,
        extra: &[Arc<str>],
        f: impl FnOnce(&Slot) -> T,
    ) -> T {
        if extra.is_empty() {
            return f(self.methods.get_or_insert_with(&method, Slot::default).1);
        }
        let key = (method, Box::from(extra));
        let known = self.by_extra.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        f(&known.unwrap_or_else(|| {
            let mut map = self.by_extra.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(map.entry(key).or_default())
        }))
    }
}

impl Slot {
    fn series(&self, make: impl Fn() -> Arc<Series>) -> Arc<Series> {
        match self.kept.get() {
            Some(series) => Arc::clone(series),
            None => self.current(make),
        }
    }

    #[cold]
    fn current(&self, make: impl Fn() -> Arc<Series>) -> Arc<Series> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let series = current.get_or_insert_with(make);
        if series.is_kept() {
            return Arc::clone(self.kept.get_or_init(|| Arc::clone(series)));
        }
        Arc::clone(series)
    }

    fn renew(&self, stale: &Arc<Series>, make: impl Fn() -> Arc<Series>) -> Arc<Series> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Others that found it stale may have been here before.
        if current.as_ref().is_some_and(|series| Arc::ptr_eq(series, stale)) {
            *current = None;
        }
        drop(current);
        self.current(make)
    }
}
