//! Finds series that nobody updates any more.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::time::{Duration, Instant};

/// Remembers when each series changed last.
///
/// Series are hidden, and not forgotten: a handle to a forgotten one, kept by whoever records,
/// would write into nothing. Whatever is written to a hidden series shows up, with all that it had
/// before, in the next rendering. Only hashes are kept, since there may be many series.
#[derive(Debug)]
pub(super) struct Idle {
    timeout: Duration,
    hasher: RandomState,
    seen: HashMap<u64, Seen>,
}

#[derive(Debug)]
struct Seen {
    value: u64,
    since: Instant,
}

impl Idle {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, hasher: RandomState::new(), seen: HashMap::new() }
    }

    /// Whether a series, which has this value now, changed less than the timeout ago.
    ///
    /// Changes are noticed when they are rendered, so a series may stay fresh for longer than the
    /// timeout, and never for less.
    pub(super) fn is_fresh(&mut self, key: impl Hash, value: impl Hash, now: Instant) -> bool {
        let (key, value) = (self.hasher.hash_one(key), self.hasher.hash_one(value));
        let seen = self.seen.entry(key).or_insert(Seen { value, since: now });
        if seen.value != value {
            *seen = Seen { value, since: now };
        }
        now.duration_since(seen.since) < self.timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time runs from the last change, not from the first sight, and for each series on its own.
    #[test]
    fn a_series_is_fresh_until_it_was_unchanged_for_the_timeout() {
        let start = Instant::now();
        let mut idle = Idle::new(Duration::from_secs(10));
        for (seconds, key, value, expected) in [
            (0, "a", 1, true),
            (9, "a", 1, true),
            (10, "a", 1, false),
            (20, "a", 2, true),
            (29, "a", 2, true),
            (30, "a", 2, false),
            (31, "b", 2, true),
        ] {
            let now = start + Duration::from_secs(seconds);
            assert_eq!(idle.is_fresh(key, value, now), expected, "{seconds}");
        }
    }
}
