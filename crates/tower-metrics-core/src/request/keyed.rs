//! Handles by key, with or without extra label values.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use super::append_list::AppendList;

/// Values by key. A key that extra label values belong to is looked up in a map of its own, so
/// that who has none does not pay for them.
#[derive(Debug)]
pub(crate) struct Keyed<K, V> {
    plain: AppendList<K, V>,
    extra: RwLock<ByExtra<K, V>>,
}

type ByExtra<K, V> = HashMap<(K, Box<[Arc<str>]>), Arc<V>, foldhash::fast::RandomState>;

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self { plain: AppendList::default(), extra: RwLock::default() }
    }
}

impl<K: Copy + Eq + Hash, V> Keyed<K, V> {
    /// Calls `f` with the value of `key` and `extra`, which is made on first sight.
    pub(crate) fn with<T>(
        &self,
        (key, extra): (K, &[Arc<str>]),
        make: impl Fn() -> V,
        f: impl FnOnce(&V) -> T,
    ) -> T {
        if extra.is_empty() {
            return f(self.plain.get_or_insert_with(key, make));
        }
        let key = (key, Box::from(extra));
        let known = self.extra.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let value = known.unwrap_or_else(|| {
            let mut map = self.extra.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(map.entry(key).or_insert_with(|| Arc::new(make())))
        });
        f(&value)
    }
}
