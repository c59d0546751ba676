//! Where the states of requests lie: in boxes that each thread uses again.
//!
//! A guard goes from the service to its future and from there to the body, into boxes of others and
//! out of them. As a pointer it does that for nothing.

use std::cell::RefCell;

use super::state::State;

/// How many empty boxes a thread keeps; about as many as it has requests at a time.
const KEPT: usize = 256;

thread_local! {
    #[expect(clippy::vec_box, reason = "it is the boxes that are used again")]
    static EMPTY: RefCell<Vec<Box<State>>> = const { RefCell::new(Vec::new()) };
}

/// A box whose state is empty.
#[inline]
#[expect(clippy::unnecessary_box_returns, reason = "it is the box that is used again")]
pub(super) fn take() -> Box<State> {
    // Without an empty one, as while the thread ends, there is a new one.
    let empty = EMPTY.try_with(|boxes| boxes.try_borrow_mut().ok()?.pop());
    empty.ok().flatten().unwrap_or_default()
}

/// Gives a box back.
#[inline]
pub(super) fn put(mut state: Box<State>) {
    state.clear();
    // Dropped where it cannot go back.
    let _ = EMPTY.try_with(|boxes| match boxes.try_borrow_mut() {
        Ok(mut boxes) if boxes.len() < KEPT => boxes.push(state),
        _ => drop(state),
    });
}
