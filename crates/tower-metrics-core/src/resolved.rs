//! Handles that are looked up again when they may have stopped recording.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use quanta::Instant;

use crate::backend::Backend;

/// How many seconds a handle may lie unused before it is resolved again: an exporter may have
/// forgotten its series by then, and what is recorded into the old handle would be lost.
pub(crate) const STALE_AFTER: u64 = 5;

/// Handles that are looked up on first use, again after lying unused, and each time as long as
/// nothing records them.
///
/// A [`metrics`] handle is not for ever: one from before the recorder was installed does nothing,
/// and one that lay unused may belong to a series that the exporter has forgotten.
///
/// ```
/// use metrics::{Counter, Key, Level, Metadata, Recorder as _};
/// use tower_metrics_core::{Resolved, backend::Global};
///
/// const METADATA: Metadata<'_> = Metadata::new("queue", Level::INFO, None);
/// let jobs: Resolved<Counter> = Resolved::default();
/// let resolve = || Global::default().register_counter(&Key::from_name("jobs_total"), &METADATA);
/// jobs.get(&Global::default(), resolve).increment(1);
/// ```
pub struct Resolved<H> {
    /// Those of a backend that keeps them: found without a second thought.
    kept: OnceLock<Arc<Live<H>>>,
    current: ArcSwapOption<Live<H>>,
}

/// Handles that record, for as long as they are used now and then; see [`Resolved`].
pub struct Live<H> {
    handles: H,
    resolved: Instant,
    used: LastUsed,
    /// Never, if the backend keeps them.
    stale_after: Option<u64>,
}

impl<H> Default for Resolved<H> {
    fn default() -> Self {
        Self { kept: OnceLock::new(), current: ArcSwapOption::empty() }
    }
}

impl<H> Resolved<H> {
    /// The handles, which `resolve` looks up in `backend` if that is due.
    pub fn get(&self, backend: &dyn Backend, resolve: impl FnOnce() -> H) -> Arc<Live<H>> {
        if let Some(live) = self.kept.get() {
            return Arc::clone(live);
        }
        let now = Instant::now();
        match &*self.current.load() {
            Some(live) if live.touch(now) => Arc::clone(live),
            _ => self.renew(backend, resolve),
        }
    }

    /// Hands the handles to `f`; as [`get`](Self::get), for those who do not keep them, and have
    /// read the clock already.
    ///
    /// Hidden, since the clock is no part of the public interface.
    #[doc(hidden)]
    pub fn with<T>(
        &self,
        now: Instant,
        backend: &dyn Backend,
        resolve: impl FnOnce() -> H,
        f: impl FnOnce(&H) -> T,
    ) -> T {
        if let Some(live) = self.kept.get() {
            return f(live);
        }
        match &*self.current.load() {
            Some(live) if live.touch(now) => f(live),
            _ => f(&self.renew(backend, resolve)),
        }
    }

    /// Looks the handles up now, whether that is due or not, unless the backend keeps them.
    pub fn renew(&self, backend: &dyn Backend, resolve: impl FnOnce() -> H) -> Arc<Live<H>> {
        if let Some(live) = self.kept.get() {
            return Arc::clone(live);
        }
        // Asked before, so that a recorder that comes in between is found the next time.
        let stale_after = match (backend.is_recording(), backend.keeps_handles()) {
            (false, _) => Some(0),
            (true, false) => Some(STALE_AFTER),
            (true, true) => None,
        };
        let (handles, resolved) = (resolve(), Instant::now());
        let live = Arc::new(Live { handles, resolved, used: LastUsed::at(0), stale_after });
        if stale_after.is_none() {
            return Arc::clone(self.kept.get_or_init(|| live));
        }
        self.current.store(Some(Arc::clone(&live)));
        live
    }
}

impl<H> Live<H> {
    fn touch(&self, now: Instant) -> bool {
        let Some(limit) = self.stale_after else { return true };
        let age = now.saturating_duration_since(self.resolved).as_secs();
        limit > 0 && self.used.touch(age, limit)
    }
}

impl<H> Deref for Live<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.handles
    }
}

impl<H> fmt::Debug for Resolved<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved").finish_non_exhaustive()
    }
}

impl<H> fmt::Debug for Live<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}

/// The second in which something was used last.
#[derive(Debug)]
pub(crate) struct LastUsed(AtomicU64);

impl LastUsed {
    pub(crate) fn at(second: u64) -> Self {
        Self(AtomicU64::new(second))
    }

    /// Notes a use; `false` if the last one is more than `limit` seconds ago.
    pub(crate) fn touch(&self, second: u64, limit: u64) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        if second.saturating_sub(last) > limit {
            return false;
        }
        // Written once a second, so that the line stays shared between cores.
        if second > last {
            self.0.store(second, Ordering::Relaxed);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use metrics::NoopRecorder;
    use quanta::Clock;

    use super::*;
    use crate::backend::{Describing, Global};

    /// How often five uses of the handles look them up, when `pause` lies between any two.
    fn lookups(backend: &dyn Backend, pause: Duration) -> u32 {
        let (clock, time) = Clock::mock();
        quanta::with_clock(&clock, || {
            let (got, lent, lookups) = (Resolved::default(), Resolved::default(), Cell::new(0));
            for _ in 0..5 {
                got.get(backend, || lookups.set(lookups.get() + 1));
                let before = lookups.get();
                lent.with(Instant::now(), backend, || lookups.set(lookups.get() + 1), |()| ());
                // Both ways to the handles look them up at the same time.
                assert_eq!(before % 2 == 1, lookups.get() > before);
                time.increment(pause);
            }
            lookups.get() / 2
        })
    }

    /// Looking up costs an allocation or more, so it is done when it has to be, and not else.
    #[test]
    fn handles_are_looked_up_once_unless_they_lie_unused() {
        let recorder = Describing::new(NoopRecorder);
        assert_eq!(lookups(&recorder, Duration::from_secs(5)), 1);
        assert_eq!(lookups(&recorder, Duration::from_secs(6)), 5);
    }

    /// A handle without a recorder does nothing, and would for ever.
    #[test]
    fn handles_are_looked_up_each_time_until_there_is_a_recorder() {
        assert_eq!(lookups(&Global, Duration::ZERO), 5);
    }
}
