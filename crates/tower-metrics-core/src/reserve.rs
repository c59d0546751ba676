//! References that a thread keeps in reserve.
//!
//! A request holds what its layer shares and where it is counted. To count up who uses these, and
//! down again, is an atomic operation each, and those are dear: a reference that is put by instead
//! of being counted down serves the next request without either.
//!
//! So a thread may be the last to hold something. It lets go when another value takes its place,
//! when the thread ends, or when it lends again after a [`Reserve::release`]; whatever is dropped
//! then is dropped there.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::LocalKey;

/// References in reserve, each in one of the slots that the address of its value gives.
pub(crate) struct Reserve<T, const SLOTS: usize> {
    slots: [Cell<Option<Arc<T>>>; SLOTS],
    /// The number of releases when this was emptied last.
    releases: Cell<usize>,
}

/// How often anybody called [`Reserve::release`].
static RELEASES: AtomicUsize = AtomicUsize::new(0);

impl<T, const SLOTS: usize> Reserve<T, SLOTS> {
    pub(crate) const fn new() -> Self {
        Self { slots: [const { Cell::new(None) }; SLOTS], releases: Cell::new(0) }
    }

    /// A clone of `value`.
    #[inline]
    pub(crate) fn lend(reserve: &'static LocalKey<Self>, value: &Arc<T>) -> Arc<T> {
        // A thread that is ending has no reserve any more.
        let kept = reserve.try_with(|reserve| reserve.take(value)).ok().flatten();
        kept.unwrap_or_else(|| Arc::clone(value))
    }

    /// Puts `value` by. Somebody else must own it still, who calls [`release`](Self::release) when
    /// that ends.
    #[inline]
    pub(crate) fn give_back(reserve: &'static LocalKey<Self>, value: Arc<T>) {
        let mut value = Some(value);
        // What was there goes: it served nobody, or is one too many.
        let _ = reserve.try_with(|reserve| {
            if let Some(slot) = value.as_ref().and_then(|value| reserve.slot(value)) {
                value = slot.replace(value.take());
            }
        });
    }

    /// Has every thread drop what it keeps: this one now, others before they lend again.
    pub(crate) fn release(reserve: &'static LocalKey<Self>) {
        RELEASES.fetch_add(1, Ordering::Release);
        let _ = reserve.try_with(Self::empty);
    }

    #[inline]
    fn take(&self, value: &Arc<T>) -> Option<Arc<T>> {
        if self.releases.get() != RELEASES.load(Ordering::Relaxed) {
            self.empty();
        }
        let slot = self.slot(value)?;
        let kept = slot.take()?;
        if Arc::ptr_eq(&kept, value) {
            return Some(kept);
        }
        slot.set(Some(kept));
        None
    }

    #[inline]
    fn slot(&self, value: &Arc<T>) -> Option<&Cell<Option<Arc<T>>>> {
        // The low bits of addresses have much in common.
        let address = Arc::as_ptr(value).addr();
        self.slots.get((address >> 6 ^ address >> 12) % SLOTS)
    }

    #[cold]
    fn empty(&self) {
        // Who has seen a release sees as well that the owner is gone.
        self.releases.set(RELEASES.load(Ordering::Acquire));
        for slot in &self.slots {
            drop(slot.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    thread_local! {
        static RESERVE: Reserve<u8, 1> = const { Reserve::new() };
    }

    fn count(value: &Arc<u8>) -> usize {
        Arc::strong_count(value)
    }

    /// What was given back is not counted down, and then neither up.
    #[test]
    fn what_is_given_back_is_lent_again() {
        let value = Arc::new(7);
        for _ in 0..3 {
            let lent = Reserve::lend(&RESERVE, &value);
            assert!(Arc::ptr_eq(&lent, &value));
            assert_eq!(count(&value), 2);
            Reserve::give_back(&RESERVE, lent);
            assert_eq!(count(&value), 2);
        }
        let (first, second) = (Reserve::lend(&RESERVE, &value), Reserve::lend(&RESERVE, &value));
        assert_eq!(count(&value), 3);
        for lent in [first, second] {
            Reserve::give_back(&RESERVE, lent);
        }
        assert_eq!(count(&value), 2);
    }

    /// The one that came last is the one that may be asked for again.
    #[test]
    fn another_value_takes_the_place() {
        let values = [Arc::new(1), Arc::new(2)];
        for value in &values {
            Reserve::give_back(&RESERVE, Reserve::lend(&RESERVE, value));
        }
        assert_eq!(values.each_ref().map(count), [1, 2]);
    }

    /// The thread that calls for it lets go at once, others when they lend again.
    #[test]
    fn what_is_released_is_dropped() {
        let (ready, is_ready) = mpsc::channel();
        let (released, is_released) = mpsc::channel();
        let other = thread::spawn(move || {
            let (value, another) = (Arc::new(1), Arc::new(2));
            Reserve::give_back(&RESERVE, Reserve::lend(&RESERVE, &value));
            ready.send(()).unwrap();
            is_released.recv().unwrap();
            let before = count(&value);
            drop(Reserve::lend(&RESERVE, &another));
            (before, count(&value))
        });
        let value = Arc::new(3);
        Reserve::give_back(&RESERVE, Reserve::lend(&RESERVE, &value));
        is_ready.recv().unwrap();
        assert_eq!(count(&value), 2);
        Reserve::release(&RESERVE);
        assert_eq!(count(&value), 1);
        released.send(()).unwrap();
        assert_eq!(other.join().unwrap(), (2, 1));
    }
}
