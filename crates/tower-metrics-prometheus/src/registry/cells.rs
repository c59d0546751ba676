//! Numbers that each thread counts in a copy of its own.
//!
//! An atomic addition costs several plain ones, and processors that add to the same place wait for
//! each other. So a thread leases a copy of every number for as long as it lives: it alone writes
//! there, by plain loads and stores, and the value of a number is the sum over all copies.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// How many threads at a time have a copy of their own; all others share one, and add atomically.
const COPIES: usize = 64;

/// The index of the copy that is shared.
const SHARED: usize = COPIES;

/// How many numbers there are in a chunk, up to [`EVEN_CHUNKS`]; from then on each has twice as
/// many as the one before.
const CHUNK: usize = 512;
const EVEN_CHUNKS: usize = 64;
/// With the doubling, more than memory holds.
const CHUNKS: usize = EVEN_CHUNKS + 24;

/// The numbers of a registry.
pub(super) struct Cells {
    copies: [OnceLock<Box<Copied>>; COPIES + 1],
    next: Mutex<Place>,
}

/// One copy of all numbers; a chunk is made when its thread first writes there.
struct Copied {
    chunks: [OnceLock<Box<[AtomicU64]>>; CHUNKS],
}

/// Where some numbers stand, one behind the other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    chunk: usize,
    start: usize,
    end: usize,
}

/// The calling thread's copy of some numbers.
pub(super) struct Own<'a> {
    numbers: &'a [AtomicU64],
    leased: bool,
}

impl Default for Cells {
    fn default() -> Self {
        let copies = [const { OnceLock::new() }; COPIES + 1];
        Self { copies, next: Mutex::default() }
    }
}

impl Cells {
    /// Makes place for `count` numbers, which are 0.
    pub(super) fn allocate(&self, count: usize) -> Place {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = Place { end: next.start + count, ..*next };
        while place.end > size(place.chunk) && place.chunk < CHUNKS {
            place = Place { chunk: place.chunk + 1, start: 0, end: count };
        }
        *next = Place { start: place.end, ..place };
        place
    }

    /// The calling thread's copy of the numbers at `place`.
    #[inline]
    pub(super) fn own(&self, place: Place) -> Own<'_> {
        let lease = leased();
        let numbers = self.copies.get(lease).and_then(|copy| {
            let copied = copy.get_or_init(Box::default);
            let chunk = copied.chunks.get(place.chunk)?;
            chunk.get_or_init(|| new_chunk(place.chunk)).get(place.start..place.end)
        });
        Own { numbers: numbers.unwrap_or_default(), leased: lease != SHARED }
    }

    /// All copies of the numbers at `place`.
    pub(super) fn copies(&self, place: Place) -> impl Iterator<Item = &[AtomicU64]> {
        self.copies.iter().filter_map(move |copy| {
            copy.get()?.chunks.get(place.chunk)?.get()?.get(place.start..place.end)
        })
    }

    /// Raises the sum over all copies of the first number at `place` to `least`, if it is less.
    pub(super) fn raise(&self, place: Place, least: u64) {
        // One at a time, so that nobody adds what another has added already.
        let _turn = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        self.own(place).add(0, least.saturating_sub(self.sum(place, 0)));
    }

    /// The sum over all copies of the number `index` at `place`.
    pub(super) fn sum(&self, place: Place, index: usize) -> u64 {
        let value = |numbers: &[AtomicU64]| Some(numbers.get(index)?.load(Ordering::Acquire));
        self.copies(place).filter_map(value).fold(0, u64::wrapping_add)
    }
}

impl Own<'_> {
    /// Changes the number `index`; `change` is called once, or as often as others come in between.
    #[inline]
    pub(super) fn update(&self, index: usize, change: impl Fn(u64) -> u64) {
        let Some(number) = self.numbers.get(index) else { return };
        if self.leased {
            number.store(change(number.load(Ordering::Relaxed)), Ordering::Release);
        } else {
            let changed = |number| Some(change(number));
            // The closure never refuses, so there is always a result.
            let _ = number.fetch_update(Ordering::Release, Ordering::Relaxed, changed);
        }
    }

    /// Adds to the number `index`, as an integer.
    #[inline]
    pub(super) fn add(&self, index: usize, count: u64) {
        self.update(index, |number| number.wrapping_add(count));
    }

    /// Adds to the number `index`, which holds the bits of an `f64`.
    #[inline]
    pub(super) fn add_f64(&self, index: usize, value: f64) {
        self.update(index, |bits| (f64::from_bits(bits) + value).to_bits());
    }
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cells").finish_non_exhaustive()
    }
}

impl Default for Copied {
    fn default() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS] }
    }
}

const fn size(chunk: usize) -> usize {
    CHUNK << (chunk + 1).saturating_sub(EVEN_CHUNKS)
}

#[cold]
fn new_chunk(chunk: usize) -> Box<[AtomicU64]> {
    (0..size(chunk)).map(|_| AtomicU64::new(0)).collect()
}

/// The leases that are taken, a bit each. Whoever takes one sees all that its last holder wrote.
static LEASES: Mutex<u64> = Mutex::new(0);

struct Lease {
    copy: usize,
}

impl Lease {
    fn take() -> Self {
        let mut taken = LEASES.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = taken.trailing_ones() as usize;
        if copy < COPIES {
            *taken |= 1 << copy;
        }
        Self { copy }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        COPY.set(SHARED);
        if self.copy < COPIES {
            *LEASES.lock().unwrap_or_else(PoisonError::into_inner) &= !(1 << self.copy);
        }
    }
}

const UNKNOWN: usize = usize::MAX;

thread_local! {
    static LEASE: Lease = Lease::take();
    /// What the lease says, without asking whether it is there.
    static COPY: Cell<usize> = const { Cell::new(UNKNOWN) };
}

/// The copy that the calling thread may write.
#[inline]
fn leased() -> usize {
    match COPY.get() {
        UNKNOWN => lease(),
        copy => copy,
    }
}

#[cold]
fn lease() -> usize {
    // The thread is ending if there is no lease any more.
    let copy = LEASE.try_with(|lease| lease.copy).unwrap_or(SHARED);
    COPY.set(copy);
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More threads than there are copies, at the same time and one after the other.
    #[test]
    fn nothing_is_lost_however_many_threads_come_and_go() {
        let cells = Cells::default();
        let place = cells.allocate(2);
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for _ in 0..100 {
                    scope.spawn(|| {
                        for _ in 0..1_000 {
                            let own = cells.own(place);
                            own.add(0, 2);
                            own.add_f64(1, 0.5);
                        }
                    });
                }
            });
        }
        assert_eq!(cells.sum(place, 0), 600_000);
        let halves =
            cells.copies(place).map(|copy| f64::from_bits(copy[1].load(Ordering::Relaxed)));
        assert_eq!(halves.sum::<f64>().to_string(), "150000");
    }

    /// What is counted while a thread takes itself apart has no lease, and is counted all the same.
    #[test]
    fn a_thread_counts_to_its_very_end() {
        struct Last(&'static Cells, Place);
        impl Drop for Last {
            fn drop(&mut self) {
                self.0.own(self.1).add(0, 1);
            }
        }
        thread_local!(static LAST: std::cell::RefCell<Option<Last>> = const { std::cell::RefCell::new(None) });

        let cells: &Cells = Box::leak(Box::default());
        let place = cells.allocate(1);
        std::thread::spawn(move || {
            // Registered before the lease, and therefore dropped behind it.
            LAST.set(Some(Last(cells, place)));
            cells.own(place).add(0, 1);
        })
        .join()
        .unwrap();
        assert_eq!(cells.sum(place, 0), 2);
    }

    /// Places never overlap, within a chunk and beyond it.
    #[test]
    fn every_number_has_a_place_of_its_own() {
        let cells = Cells::default();
        let places: Vec<_> =
            (0..20_000).map(|index| (cells.allocate(1 + index % 20), index)).collect();
        let large = cells.allocate(200_000);
        for (place, index) in &places {
            (0..=index % 20).for_each(|number| cells.own(*place).add(number, *index as u64 + 1));
        }
        cells.own(large).add(199_999, 7);
        for (place, index) in places {
            assert!((0..=index % 20).all(|number| cells.sum(place, number) == index as u64 + 1));
        }
        assert_eq!(cells.sum(large, 199_999), 7);
    }
}
