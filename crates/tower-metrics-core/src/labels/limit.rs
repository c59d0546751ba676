//! A label whose values could come from outside.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

/// The longest label value that is kept, in bytes; a longer one counts as over the limit.
const MAX_BYTES: usize = 256;

type Values = HashSet<Arc<str>, foldhash::fast::RandomState>;

/// Keeps the first values it sees, up to a limit and for good; later ones are refused.
///
/// Nothing is ever evicted: a value that was counted up under one name must be counted down under
/// the same.
///
/// ```
/// use tower_metrics_core::labels::LabelLimit;
///
/// let tenants = LabelLimit::new(1);
/// assert_eq!(tenants.admit("acme").as_deref(), Some("acme"));
/// assert_eq!(tenants.admit("initech"), None);
/// assert_eq!(tenants.admit("acme").as_deref(), Some("acme"));
/// ```
#[derive(Debug)]
pub struct LabelLimit {
    max: usize,
    values: ArcSwap<Values>,
    writing: Mutex<()>,
}

impl LabelLimit {
    /// The value to use for those that are refused.
    pub const OVERFLOW: &'static str = "other";

    /// Keeps the first `max` values of at most 256 bytes each.
    pub fn new(max: usize) -> Self {
        Self { max, values: ArcSwap::default(), writing: Mutex::default() }
    }

    /// The kept copy of `value`; `None` if it is too long, or one too many.
    pub fn admit(&self, value: &str) -> Option<Arc<str>> {
        if let Some(kept) = self.values.load().get(value) {
            return Some(Arc::clone(kept));
        }
        if value.len() > MAX_BYTES || self.values.load().len() >= self.max {
            return None;
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let values = self.values.load();
        if let Some(kept) = values.get(value) {
            return Some(Arc::clone(kept));
        }
        if values.len() >= self.max {
            return None;
        }
        let kept: Arc<str> = value.into();
        let mut values = Values::clone(&values);
        values.insert(Arc::clone(&kept));
        self.values.store(Arc::new(values));
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First come, first kept, for good; the limit also holds for threads that race to it.
    #[test]
    fn only_the_first_values_are_kept() {
        let limit = LabelLimit::new(10);
        let kept: usize = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|worker| {
                    let limit = &limit;
                    scope.spawn(move || {
                        (0..100).filter(|i| limit.admit(&format!("{worker}-{i}")).is_some()).count()
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!(kept, 10);
        assert_eq!(limit.admit("late"), None);
        let early = limit.values.load().iter().next().cloned().unwrap();
        assert_eq!(limit.admit(&early), Some(early));
    }

    /// A value as long as a client likes does not get in, nor does it use up a place.
    #[test]
    fn long_values_are_refused() {
        let limit = LabelLimit::new(1);
        assert_eq!(limit.admit(&"x".repeat(MAX_BYTES + 1)), None);
        assert!(limit.admit(&"x".repeat(MAX_BYTES)).is_some());
    }
}
