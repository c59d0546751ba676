//! Numbers that each thread counts in a copy of its own.
//!
//! An atomic addition costs several plain ones, and processors that add to the same place wait for
//! each other. So a thread has a copy of every number for as long as it lives: it alone writes
//! there, by plain loads and stores, and the value of a number is the sum over all copies. One more
//! copy is for threads beyond the number of places, and for those that are ending, which add
//! atomically. A handle that one thread uses most knows where that thread's copies lie
//! ([`OwnCells`]), and need not find them each time.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tower_metrics_core::threads::{self, PerThread};

/// How many numbers are made at once, when a thread first writes one of them.
const CHUNK: usize = 512;
/// How many chunks are found at once.
const CHUNKS: usize = 64;

/// The numbers of a registry, known by their indices.
#[derive(Default)]
pub(super) struct Cells {
    copies: PerThread<Box<Copied>>,
    next: AtomicUsize,
    raising: Mutex<()>,
}

/// One copy of all numbers.
struct Copied {
    chunks: [OnceLock<Arc<Chunk>>; CHUNKS],
    more: OnceLock<Box<Self>>,
}

type Chunk = [AtomicU64; CHUNK];

/// Numbers that were allocated together, in the copy of one thread; for that thread.
#[derive(Debug)]
pub(super) struct OwnCells {
    chunk: Arc<Chunk>,
    first: usize,
}

/// The copy of one place.
pub(super) struct Own<'a> {
    copy: &'a Copied,
    place: usize,
}

impl Cells {
    /// Makes this many numbers, which are 0, and gives the index of the first. They lie in one chunk
    /// if they fit into one.
    pub(super) fn allocate(&self, count: usize) -> usize {
        let first = |next: usize| {
            let left = CHUNK - next % CHUNK;
            if (left + 1..=CHUNK).contains(&count) { next + left } else { next }
        };
        let after = |next| Some(first(next) + count);
        // The closure never refuses, so there is always a result.
        let (Ok(next) | Err(next)) =
            self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after);
        first(next)
    }

    /// Numbers that were allocated together, in the copy of the thread whose place this is; `None`
    /// if they lie in more than one chunk, or if all threads beyond the number of places write there.
    pub(super) fn own_cells(&self, place: usize, first: usize, count: usize) -> Option<OwnCells> {
        if place == threads::SHARED || first % CHUNK + count > CHUNK {
            return None;
        }
        let chunk = Arc::clone(self.copies.get_or_init(place, Box::default).chunk(first));
        Some(OwnCells { chunk, first: first % CHUNK })
    }

    /// The copy that the calling thread may write.
    #[inline]
    pub(super) fn own(&self) -> Own<'_> {
        let place = threads::place();
        Own { copy: self.copies.get_or_init(place, Box::default), place }
    }

    /// Raises a number to `least`, if it is less.
    pub(super) fn raise(&self, number: usize, least: u64) {
        // One at a time, so that nobody adds what another has added already.
        let _turn = self.raising.lock().unwrap_or_else(PoisonError::into_inner);
        self.own().add(number, least.saturating_sub(self.sum(number)));
    }

    /// A number: the sum over all copies.
    pub(super) fn sum(&self, number: usize) -> u64 {
        self.copies(number).fold(0, u64::wrapping_add)
    }

    /// A number that is the bits of an `f64`.
    pub(super) fn sum_f64(&self, number: usize) -> f64 {
        // Not `sum`, which begins with -0.
        self.copies(number).map(f64::from_bits).fold(0.0, |sum, copy| sum + copy)
    }

    fn copies(&self, number: usize) -> impl Iterator<Item = u64> {
        let found = self.copies.iter().filter_map(move |copy| copy.find(number));
        found.map(|cell| cell.load(Ordering::Acquire))
    }
}

/// A copy of numbers that the calling thread may write.
pub(super) trait Write {
    /// Changes a number.
    fn update(&self, number: usize, change: impl Fn(u64) -> u64);

    /// Adds to a number.
    #[inline]
    fn add(&self, number: usize, count: u64) {
        self.update(number, |number| number.wrapping_add(count));
    }

    /// Adds to a number that is the bits of an `f64`.
    #[inline]
    fn add_f64(&self, number: usize, value: f64) {
        self.update(number, |bits| (f64::from_bits(bits) + value).to_bits());
    }
}

impl Write for Own<'_> {
    #[inline]
    fn update(&self, number: usize, change: impl Fn(u64) -> u64) {
        let Some(cell) = self.copy.find(number).or_else(|| self.copy.make(number)) else { return };
        if self.place == threads::SHARED {
            let changed = |number| Some(change(number));
            // The closure never refuses, so there is always a result.
            let _ = cell.fetch_update(Ordering::Release, Ordering::Relaxed, changed);
        } else {
            write(cell, change);
        }
    }
}

/// Counted from the first of those that were allocated together.
impl Write for OwnCells {
    #[inline]
    fn update(&self, number: usize, change: impl Fn(u64) -> u64) {
        // The remainder changes nothing; with it the compiler sees that there is such a cell.
        if let Some(cell) = self.chunk.get((self.first + number) % CHUNK) {
            write(cell, change);
        }
    }
}

/// Changes a number that no other thread writes.
#[inline]
fn write(cell: &AtomicU64, change: impl Fn(u64) -> u64) {
    cell.store(change(cell.load(Ordering::Relaxed)), Ordering::Release);
}

impl Copied {
    #[inline]
    fn find(&self, number: usize) -> Option<&AtomicU64> {
        match self.chunks.get(number / CHUNK) {
            Some(chunk) => chunk.get()?.get(number % CHUNK),
            None => self.more.get()?.find_more(number - CHUNKS * CHUNK),
        }
    }

    /// As `find`, which calls itself only in this way.
    fn find_more(&self, number: usize) -> Option<&AtomicU64> {
        self.find(number)
    }

    #[cold]
    fn make(&self, number: usize) -> Option<&AtomicU64> {
        self.chunk(number).get(number % CHUNK)
    }

    fn chunk(&self, number: usize) -> &Arc<Chunk> {
        match self.chunks.get(number / CHUNK) {
            Some(chunk) => chunk.get_or_init(|| Arc::new([const { AtomicU64::new(0) }; CHUNK])),
            None => self.more.get_or_init(Box::default).chunk(number - CHUNKS * CHUNK),
        }
    }
}

impl Default for Copied {
    fn default() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS], more: OnceLock::new() }
    }
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cells").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// More threads than have places, at the same time and one after the other.
    #[test]
    fn nothing_is_lost_however_many_threads_come_and_go() {
        let cells = Cells::default();
        let number = cells.allocate(2);
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for _ in 0..100 {
                    scope.spawn(|| {
                        for _ in 0..1_000 {
                            cells.own().add(number, 2);
                            cells.own().add_f64(number + 1, 0.5);
                        }
                    });
                }
            });
        }
        assert_eq!(cells.sum(number), 600_000);
        assert_eq!(cells.sum_f64(number + 1).to_string(), "150000");
    }

    /// What is counted while a thread takes itself apart is counted all the same.
    #[test]
    fn a_thread_counts_to_its_very_end() {
        struct Last(&'static Cells);
        impl Drop for Last {
            fn drop(&mut self) {
                self.0.own().add(0, 1);
            }
        }
        thread_local!(static LAST: RefCell<Option<Last>> = const { RefCell::new(None) });

        let cells: &Cells = Box::leak(Box::default());
        let counting = std::thread::spawn(move || {
            // Known before the thread has a place, and therefore dropped behind that.
            LAST.set(Some(Last(cells)));
            cells.own().add(0, 1);
        });
        counting.join().unwrap();
        assert_eq!(cells.sum(0), 2);
    }

    /// What a thread finds once is its own copy; numbers of one series lie together, however many
    /// others there are.
    #[test]
    fn a_thread_finds_its_own_numbers() {
        let cells = Cells::default();
        for count in [1, CHUNK - 2, 13, CHUNK, 5] {
            let first = cells.allocate(count);
            let own = cells.own_cells(threads::place(), first, count).unwrap();
            own.add(0, 2);
            own.add(count - 1, 3);
            std::thread::scope(|scope| scope.spawn(|| cells.own().add(first, 5)).join().unwrap());
            let ends = if count == 1 { [10, 10] } else { [7, 3] };
            assert_eq!([cells.sum(first), cells.sum(first + count - 1)], ends, "of {count}");
        }
        let huge = cells.allocate(CHUNK + 1);
        assert!(cells.own_cells(threads::place(), huge, CHUNK + 1).is_none());
        assert!(cells.own_cells(threads::SHARED, 0, 1).is_none());
    }

    /// Numbers never get in each other's way, however many there are.
    #[test]
    fn every_number_is_one_of_its_own() {
        let cells = Cells::default();
        let numbers = 0..3 * CHUNK * CHUNKS;
        for number in numbers.clone() {
            assert_eq!(cells.allocate(1), number);
            cells.own().add(number, number as u64);
        }
        assert!(numbers.clone().all(|number| cells.sum(number) == number as u64));
        assert_eq!(cells.sum(numbers.end), 0);
    }
}
