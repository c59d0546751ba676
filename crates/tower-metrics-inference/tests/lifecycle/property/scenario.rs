//! Random requests: who carries them, and what becomes of them.

use proptest::prelude::*;

/// How many requests there are at once, at most.
pub(super) const SLOTS: usize = 6;

/// What a future or a stream does in a poll. Without a step, it is pending for ever.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Pending,
    /// An item with this many tokens; nothing for a future.
    Tokens(usize),
    /// A last item with two tokens; nothing for a future.
    Last,
    /// A failed item, or an `Err`.
    Fail,
    Panic,
    /// The end of a stream, or an `Ok`.
    End,
}

/// How a request is carried.
#[derive(Clone, Copy, Debug)]
pub(super) enum Carrier {
    /// By hand: each poll takes a step, with what the guard offers.
    Guard,
    Future,
    Stream,
}

/// A request, and what becomes of it.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) carrier: Carrier,
    pub(super) is_queued: bool,
    pub(super) limit: Option<u32>,
    pub(super) input: Option<usize>,
    pub(super) steps: Vec<Step>,
}

/// A move in one of the slots. In an empty slot, the next request arrives instead.
#[derive(Clone, Copy, Debug)]
pub(super) enum Move {
    Poll,
    Drop,
    /// A drop by a panic elsewhere.
    Unwind,
    Reject,
}

pub(super) type Plan = (Vec<Scenario>, Vec<(usize, Move, u32)>);

pub(super) fn plans() -> impl Strategy<Value = Plan> {
    let step = prop_oneof![
        2 => Just(Step::Pending),
        6 => (0..4_usize).prop_map(Step::Tokens),
        1 => Just(Step::Last),
        1 => Just(Step::Fail),
        1 => Just(Step::Panic),
        1 => Just(Step::End),
    ];
    let carrier = prop_oneof![Just(Carrier::Guard), Just(Carrier::Future), Just(Carrier::Stream)];
    let limit = prop::option::of(0..20_u32);
    let input = prop::option::of(0..100_usize);
    let steps = prop::collection::vec(step, 0..6);
    let scenario = (carrier, any::<bool>(), limit, input, steps).prop_map(
        |(carrier, is_queued, limit, input, steps)| Scenario {
            carrier,
            is_queued,
            limit,
            input,
            steps,
        },
    );
    let one_move = prop_oneof![
        12 => Just(Move::Poll),
        2 => Just(Move::Drop),
        1 => Just(Move::Unwind),
        1 => Just(Move::Reject),
    ];
    let moves = prop::collection::vec((0..SLOTS, one_move, 0..4_u32), 0..120);
    (prop::collection::vec(scenario, 1..20), moves)
}
