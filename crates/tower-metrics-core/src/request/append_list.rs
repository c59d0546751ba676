//! A list that only grows, read without a lock.

use std::sync::OnceLock;

/// Values in order of first sight. For a handful of them: what comes first is found first.
#[derive(Debug)]
pub(crate) struct AppendList<T> {
    /// In place, since most lists have one entry.
    head: OnceLock<Node<T>>,
}

#[derive(Debug)]
struct Node<T> {
    value: T,
    next: OnceLock<Box<Self>>,
}

impl<T> AppendList<T> {
    pub(crate) const fn new() -> Self {
        Self { head: OnceLock::new() }
    }

    /// The first value that `is_sought`.
    #[inline]
    pub(crate) fn find(&self, is_sought: impl Fn(&T) -> bool) -> Option<&T> {
        let mut node = self.head.get();
        while let Some(Node { value, next }) = node {
            if is_sought(value) {
                return Some(value);
            }
            node = next.get().map(AsRef::as_ref);
        }
        None
    }

    /// The value that `is_sought`, made and appended on first sight; what is made has to be that.
    #[inline]
    pub(crate) fn find_or_append(
        &self,
        is_sought: impl Fn(&T) -> bool,
        make: impl Fn() -> T,
    ) -> &T {
        match self.find(&is_sought) {
            Some(value) => value,
            None => self.append(is_sought, make),
        }
    }

    #[cold]
    #[inline(never)]
    fn append(&self, is_sought: impl Fn(&T) -> bool, make: impl Fn() -> T) -> &T {
        let make = || Node { value: make(), next: OnceLock::new() };
        let mut node = self.head.get_or_init(make);
        // A race for the same place is lost to another value at most: then go on behind it.
        while !is_sought(&node.value) {
            node = node.next.get_or_init(|| Box::new(make()));
        }
        &node.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threads that race for the same value find one, made once.
    #[test]
    fn racing_threads_agree_on_one_value() {
        let list = AppendList::<u16>::new();
        let made = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for sought in 0..100 {
                        let make = || {
                            made.lock().unwrap().push(sought);
                            sought
                        };
                        assert_eq!(*list.find_or_append(|value| *value == sought, make), sought);
                    }
                });
            }
        });
        let mut made = made.into_inner().unwrap();
        made.sort_unstable();
        assert_eq!(made, (0..100).collect::<Vec<_>>());
        assert_eq!(list.find(|value| *value == 100), None);
    }
}
