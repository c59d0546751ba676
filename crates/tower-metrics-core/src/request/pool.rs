//! Where the states of requests lie: in boxes that each thread uses again.
//!
//! A guard goes from the service to its future and from there to the body, into boxes of others and
//! out of them. As a pointer it does that for nothing.

use std::cell::Cell;
use std::fmt;

use super::state::State;

/// How many empty boxes a thread keeps; about as many as it has requests at a time.
const KEPT: u16 = 256;

/// A box: of a request, or an empty one, above others.
#[derive(Default)]
struct Place {
    state: Option<State>,
    below: Option<Box<Self>>,
    /// How many there are below.
    depth: u16,
}

thread_local! {
    static EMPTY: Cell<Option<Box<Place>>> = const { Cell::new(None) };
}

/// The state of a request, in a box that goes back when this is dropped.
pub(super) struct Pooled {
    /// Empty while this is being dropped.
    place: Option<Box<Place>>,
}

impl Pooled {
    #[inline]
    pub(super) fn new(state: State) -> Self {
        // Without an empty box, as while the thread ends, there is a new one.
        let empty = EMPTY.try_with(|empty| {
            let mut place = empty.take()?;
            empty.set(place.below.take());
            Some(place)
        });
        let mut place = empty.ok().flatten().unwrap_or_default();
        place.state = Some(state);
        Self { place: Some(place) }
    }

    #[inline]
    pub(super) fn get(&self) -> Option<&State> {
        self.place.as_ref()?.state.as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self) -> Option<&mut State> {
        self.place.as_mut()?.state.as_mut()
    }
}

impl Drop for Pooled {
    #[inline]
    fn drop(&mut self) {
        let Some(mut place) = self.place.take() else { return };
        place.state = None;
        // Dropped where it cannot go back.
        let _ = EMPTY.try_with(|empty| {
            let below = empty.take();
            place.depth = below.as_ref().map_or(0, |below| below.depth + 1);
            if place.depth < KEPT {
                place.below = below;
                empty.set(Some(place));
            } else {
                empty.set(below);
            }
        });
    }
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
