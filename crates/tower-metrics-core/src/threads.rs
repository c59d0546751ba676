//! Places of which each thread has one, so that threads do not wait for each other.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// How many threads at a time have a place of their own; all others share one.
pub const PLACES: usize = 64;

/// The place that is shared.
pub const SHARED: usize = PLACES;

/// The place of the calling thread, which no other living thread has unless it is [`SHARED`].
///
/// Whoever gets the place of a thread that has ended sees all that it wrote.
#[inline]
pub fn place() -> usize {
    match PLACE.get() {
        UNKNOWN => lease(),
        place => place,
    }
}

/// A value for each place, made when it is first asked for.
pub struct PerThread<T> {
    places: [OnceLock<T>; PLACES + 1],
}

impl<T> PerThread<T> {
    /// Makes none yet.
    pub const fn new() -> Self {
        Self { places: [const { OnceLock::new() }; PLACES + 1] }
    }

    /// The value of a [`place`], if it was made.
    #[inline]
    pub fn get(&self, place: usize) -> Option<&T> {
        self.places.get(place)?.get()
    }

    /// The value of a [`place`].
    #[inline]
    pub fn get_or_init(&self, place: usize, make: impl FnOnce() -> T) -> &T {
        // There is no place beyond the shared one.
        let [.., shared] = &self.places;
        self.places.get(place).unwrap_or(shared).get_or_init(make)
    }

    /// All values that were made.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        // Behind these nobody was yet; whoever saw a thread write sees that it has a place.
        let [places @ .., shared] = &self.places;
        let taken = places.iter().take(HIGHEST.load(Ordering::Relaxed));
        taken.chain([shared]).filter_map(OnceLock::get)
    }
}

impl<T> Default for PerThread<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for PerThread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The places that are taken, a bit each.
static TAKEN: Mutex<u64> = Mutex::new(0);

/// How many places there are up to the last that was ever taken.
static HIGHEST: AtomicUsize = AtomicUsize::new(0);

struct Lease {
    place: usize,
}

impl Lease {
    fn take() -> Self {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let place = taken.trailing_ones() as usize;
        if place < PLACES {
            *taken |= 1 << place;
            HIGHEST.fetch_max(place + 1, Ordering::Relaxed);
        }
        Self { place }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        PLACE.set(SHARED);
        if self.place < PLACES {
            *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) &= !(1 << self.place);
        }
    }
}

const UNKNOWN: usize = usize::MAX;

thread_local! {
    static LEASE: Lease = Lease::take();
    /// What the lease says, without asking whether it is there.
    static PLACE: Cell<usize> = const { Cell::new(UNKNOWN) };
}

#[cold]
fn lease() -> usize {
    // A thread that is ending has no lease any more.
    let place = LEASE.try_with(|lease| lease.place).unwrap_or(SHARED);
    PLACE.set(place);
    place
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// Living threads never have the same place, and there are enough for those that come later.
    #[test]
    fn a_place_has_one_thread_at_a_time() {
        let others = place();
        for threads in [8, 2 * PLACES, 8] {
            let (all_here, places) = (Barrier::new(threads), PerThread::<Mutex<usize>>::new());
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        let place = place();
                        *places.get_or_init(place, Mutex::default).lock().unwrap() += 1;
                        all_here.wait();
                    });
                }
            });
            let here = |place| places.get(place).map_or(0, |count| *count.lock().unwrap());
            assert!((0..PLACES).all(|place| here(place) <= 1));
            assert_eq!((0..=SHARED).map(here).sum::<usize>(), threads);
            assert_eq!(here(others), 0);
            assert_eq!(place(), others);
        }
    }
}
