//! A list that only grows, read without a lock.

use std::sync::OnceLock;

/// Values by key, in order of first sight. For a handful of keys: what comes first is found first.
#[derive(Debug)]
pub(crate) struct AppendList<K, V> {
    /// In place, since most lists have one entry.
    head: OnceLock<Node<K, V>>,
}

#[derive(Debug)]
struct Node<K, V> {
    key: K,
    value: V,
    next: OnceLock<Box<Self>>,
}

impl<K, V> Default for AppendList<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> AppendList<K, V> {
    pub(crate) const fn new() -> Self {
        Self { head: OnceLock::new() }
    }

    /// The first entry whose key `is_sought`.
    #[inline]
    pub(crate) fn find(&self, is_sought: impl Fn(&K) -> bool) -> Option<(&K, &V)> {
        let mut node = self.head.get();
        while let Some(Node { key, value, next }) = node {
            if is_sought(key) {
                return Some((key, value));
            }
            node = next.get().map(AsRef::as_ref);
        }
        None
    }
}

impl<K: Clone + PartialEq, V> AppendList<K, V> {
    /// The entry of `key`, made and appended on first sight.
    #[inline]
    pub(crate) fn get_or_insert_with(&self, key: &K, make: impl Fn() -> V) -> (&K, &V) {
        match self.find(|known| known == key) {
            Some(entry) => entry,
            None => self.append(key, make),
        }
    }

    #[cold]
    fn append(&self, key: &K, make: impl Fn() -> V) -> (&K, &V) {
        let make = || Node { key: key.clone(), value: make(), next: OnceLock::new() };
        let mut node = self.head.get_or_init(make);
        // A race for the same place is lost to another key at most: then go on behind it.
        while node.key != *key {
            node = node.next.get_or_init(|| Box::new(make()));
        }
        (&node.key, &node.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threads that race for the same keys get one value each, made once.
    #[test]
    fn racing_threads_agree_on_one_value_per_key() {
        let list = AppendList::<u16, u16>::default();
        let made = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for key in 0..100 {
                        let entry = list.get_or_insert_with(&key, || {
                            made.lock().unwrap().push(key);
                            key * 2
                        });
                        assert_eq!(entry, (&key, &(key * 2)));
                    }
                });
            }
        });
        let mut made = made.into_inner().unwrap();
        made.sort_unstable();
        assert_eq!(made, (0..100).collect::<Vec<_>>());
        assert_eq!(list.find(|key| *key == 100), None);
    }
}
