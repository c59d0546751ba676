//! Drives requests through a layer, and their models beside them.

use std::collections::VecDeque;
use std::task::Poll;

use http::Request;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokio_test::task::{self, Spawn};
use tower::{Layer as _, Service as _};
use tower_metrics::MetricsLayer;
use tower_metrics::middleware::{ResponseBody, ResponseFuture};
use tower_metrics_tests::scripted::{ScriptedBody, catch_scripted_panic};

use super::super::measured::poll_frames;
use super::super::tally::Tally;
use super::model::Model;
use super::scenario::{Scenario, Service};

/// How many requests there are at once, at most.
const SLOTS: usize = 8;

/// Requests, and the order in which they are driven.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    scenarios: Vec<Scenario>,
    moves: Vec<Move>,
}

/// A move in one of the slots. In an empty slot, the next request arrives instead.
#[derive(Debug, Clone, Copy)]
enum Move {
    Poll(usize),
    Drop(usize),
}

impl Plan {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let scenarios = prop::collection::vec(Scenario::any(), 1..24);
        let one_move = prop_oneof![
            8 => (0..SLOTS).prop_map(Move::Poll),
            1 => (0..SLOTS).prop_map(Move::Drop),
        ];
        let moves = prop::collection::vec(one_move, 0..160);
        (scenarios, moves).prop_map(|(scenarios, moves)| Self { scenarios, moves })
    }
}

/// Makes all moves of a plan, shows what should be counted after each to `look`, drops what is
/// left, and returns what should be counted then.
pub(super) fn drive(
    layer: &MetricsLayer,
    plan: Plan,
    mut look: impl FnMut(&Tally) -> Result<(), TestCaseError>,
) -> Result<Tally, TestCaseError> {
    let mut tally = Tally::default();
    let mut coming = VecDeque::from(plan.scenarios);
    let mut slots: [Option<Live>; SLOTS] = Default::default();
    for one_move in plan.moves {
        let (Move::Poll(index) | Move::Drop(index)) = one_move;
        let slot = slots.get_mut(index).unwrap();
        match (slot.take(), one_move) {
            (None, _) => {
                *slot = coming.pop_front().map(|next| Live::arrive(layer, next, &mut tally));
            }
            (Some(mut live), Move::Poll(_)) => {
                live.poll(&mut tally);
                *slot = Some(live);
            }
            (Some(live), Move::Drop(_)) => live.drop(&mut tally),
        }
        look(&tally)?;
    }
    for live in slots.into_iter().flatten() {
        live.drop(&mut tally);
        look(&tally)?;
    }
    Ok(tally)
}

/// A request that has arrived, and its model.
struct Live {
    model: Model,
    /// Gone if the call panicked, else held as long as the request, as runtimes do.
    future: Option<Spawn<MeasuredFuture>>,
    /// Whether the future gave what it had.
    is_over: bool,
    body: Option<Spawn<ResponseBody<ScriptedBody>>>,
}

type MeasuredFuture = ResponseFuture<<Service as tower::Service<Request<()>>>::Future>;

impl Live {
    fn arrive(layer: &MetricsLayer, scenario: Scenario, tally: &mut Tally) -> Self {
        let mut service = layer.layer(scenario.service());
        let future = catch_scripted_panic(|| task::spawn(service.call(scenario.request())));
        Self { model: Model::arrive(scenario, tally), future, is_over: false, body: None }
    }

    fn poll(&mut self, tally: &mut Tally) {
        self.model.poll(tally);
        if let Some(body) = &mut self.body {
            catch_scripted_panic(|| poll_frames(body, 1));
        } else if let Some(future) = self.future.as_mut().filter(|_| !self.is_over) {
            let polled = catch_scripted_panic(|| future.poll());
            self.is_over = !matches!(polled, Some(Poll::Pending));
            if let Some(Poll::Ready(Ok(response))) = polled {
                self.body = Some(task::spawn(response.into_body()));
            }
        }
    }

    fn drop(self, tally: &mut Tally) {
        self.model.drop(tally);
    }
}
