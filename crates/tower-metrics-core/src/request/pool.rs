//! Where the states of requests lie: in boxes that each thread uses again.
//!
//! A guard goes from the service to its future and from there to the body, into boxes of others and
//! out of them. As a pointer it does that for nothing.

use std::cell::RefCell;
use std::fmt;

use super::state::State;

/// How many empty boxes a thread keeps; about as many as it has requests at a time.
const KEPT: usize = 256;

type Place = Option<State>;

thread_local! {
    #[expect(clippy::vec_box, reason = "the boxes themselves are what is kept")]
    static EMPTY: RefCell<Vec<Box<Place>>> = const { RefCell::new(Vec::new()) };
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
        let empty = EMPTY.try_with(|empty| empty.try_borrow_mut().ok()?.pop());
        let mut place = empty.ok().flatten().unwrap_or_default();
        *place = Some(state);
        Self { place: Some(place) }
    }

    #[inline]
    pub(super) fn get(&self) -> Option<&State> {
        self.place.as_deref()?.as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self) -> Option<&mut State> {
        self.place.as_deref_mut()?.as_mut()
    }
}

impl Drop for Pooled {
    #[inline]
    fn drop(&mut self) {
        let Some(mut place) = self.place.take() else { return };
        *place = None;
        // Dropped where it cannot go back.
        let _ = EMPTY.try_with(|empty| {
            if let Ok(mut empty) = empty.try_borrow_mut()
                && empty.len() < KEPT
            {
                empty.push(place);
            }
        });
    }
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
