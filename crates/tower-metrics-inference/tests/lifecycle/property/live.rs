//! A request that is driven, and what is to be counted of it.

use std::collections::VecDeque;
use std::future;
use std::task::Poll;
use std::time::Duration;

use futures_util::{Stream, stream};
use tokio_test::task;
use tower_metrics_inference::{
    Chunk, FinishReason, InferenceRequest, Model, Queued, RequestOutcome, Status,
};
use tower_metrics_tests::scripted::{catch_scripted_panic, scripted_panic};

use super::scenario::{Carrier, Move, Scenario, Step};
use super::tally::Tally;

/// The request, carried by what is polled.
enum Carried {
    Queued(Queued),
    Guard(InferenceRequest),
    Polled(Box<dyn FnMut() -> Poll<()>>),
    Over,
}

/// A request that has arrived, and what is to be counted of it.
pub(super) struct Live {
    scenario: Scenario,
    steps: VecDeque<Step>,
    carried: Carried,
    arrived: u32,
    is_waiting: bool,
    is_over: bool,
    generates: bool,
    tokens: u32,
}

impl Live {
    pub(super) fn arrive(model: &Model, scenario: Scenario, now: u32, tally: &mut Tally) -> Self {
        let is_waiting = scenario.is_queued;
        let carried = if is_waiting {
            Carried::Queued(model.enqueue())
        } else {
            Carried::Guard(model.start())
        };
        let [in_flight, waiting, running] = &mut tally.gauges;
        *in_flight += 1;
        *(if is_waiting { waiting } else { running }) += 1;
        let mut live = Self {
            steps: scenario.steps.iter().copied().collect(),
            scenario,
            carried,
            arrived: now,
            is_waiting,
            is_over: false,
            generates: false,
            tokens: 0,
        };
        if !is_waiting {
            live.begin();
        }
        live
    }

    /// Hands the request that runs to what carries it.
    fn begin(&mut self) {
        let mut request = match std::mem::replace(&mut self.carried, Carried::Over) {
            Carried::Queued(queued) => queued.start(),
            Carried::Guard(request) => request,
            carried => {
                self.carried = carried;
                return;
            }
        };
        if let Some(limit) = self.scenario.limit {
            request = request.with_time_limit(Duration::from_secs(limit.into()));
        }
        if let Some(tokens) = self.scenario.input {
            request.set_input_tokens(tokens);
        }
        let mut steps = self.steps.clone();
        self.carried = match self.scenario.carrier {
            Carrier::Guard => Carried::Guard(request),
            Carrier::Future => {
                let scripted = future::poll_fn(move |_| match steps.pop_front() {
                    Some(Step::Fail) => Poll::Ready(Err(())),
                    Some(Step::Panic) => scripted_panic(),
                    Some(Step::End) => Poll::Ready(Ok(())),
                    _ => Poll::Pending,
                });
                let mut observed = task::spawn(request.observe(scripted));
                Carried::Polled(Box::new(move || observed.poll().map(drop)))
            }
            Carrier::Stream => {
                self.generates = true;
                let scripted = scripted_stream(steps);
                let mut items = task::spawn(request.stream_as(scripted, |step| match *step {
                    Step::Last => Chunk::Last { tokens: 2, reason: FinishReason::Length },
                    Step::Fail => Chunk::Failed(Status::UNNAMED_ERROR),
                    Step::Tokens(tokens) => Chunk::Tokens(tokens),
                    _ => Chunk::Tokens(0),
                }));
                Carried::Polled(Box::new(move || items.poll_next().map(drop)))
            }
        };
    }

    pub(super) fn poll(&mut self, now: u32, tally: &mut Tally) {
        if std::mem::take(&mut self.is_waiting) {
            let [_, waiting, running] = &mut tally.gauges;
            (*waiting, *running) = (*waiting - 1, *running + 1);
            tally.queued += 1;
            return self.begin();
        }
        let step = self.steps.pop_front().unwrap_or(Step::Pending);
        match std::mem::replace(&mut self.carried, Carried::Over) {
            Carried::Guard(request) => self.carried = step_by_hand(request, step),
            Carried::Polled(mut poll) => {
                // What has ended may be polled on as long as it has steps, as a stream may be.
                if !self.is_over || matches!(self.scenario.carrier, Carrier::Stream) {
                    catch_scripted_panic(&mut poll);
                }
                self.carried = Carried::Polled(poll);
            }
            carried => self.carried = carried,
        }
        if self.is_over {
            return;
        }
        let is_future = matches!(self.scenario.carrier, Carrier::Future);
        match step {
            Step::Tokens(tokens) if !is_future => self.record(tokens, tally),
            Step::Last if !is_future => {
                self.record(2, tally);
                self.generates = true;
                // A guard is dropped after its last item, and so after its deadline perhaps.
                let is_dropped = matches!(self.scenario.carrier, Carrier::Guard);
                if is_dropped && self.is_late(now) {
                    self.end(Status::Timeout, FinishReason::Timeout, now, tally);
                } else {
                    self.end(Status::Success, FinishReason::Length, now, tally);
                }
            }
            Step::Pending | Step::Tokens(_) | Step::Last => {}
            Step::Fail => self.end(Status::Error, FinishReason::Error, now, tally),
            Step::Panic => self.panic(now, tally),
            Step::End => self.end(Status::Success, FinishReason::Stop, now, tally),
        }
    }

    pub(super) fn go(mut self, how: Move, now: u32, tally: &mut Tally) {
        // A carrier that has begun takes a rejection no more.
        let rejects = matches!(how, Move::Reject)
            && matches!(self.carried, Carried::Queued(_) | Carried::Guard(_));
        let carried = std::mem::replace(&mut self.carried, Carried::Over);
        match (how, carried) {
            (Move::Reject, Carried::Queued(queued)) => queued.reject(),
            (Move::Reject, Carried::Guard(request)) => request.reject(),
            (Move::Unwind, carried) => {
                let unwound: Option<()> = catch_scripted_panic(|| {
                    let _carried = carried;
                    scripted_panic()
                });
                assert_eq!(unwound, None);
            }
            (_, carried) => drop(carried),
        }
        if self.is_over {
            return;
        }
        if rejects {
            self.end(Status::Rejected, FinishReason::Cancelled, now, tally);
        } else if matches!(how, Move::Unwind) {
            self.panic(now, tally);
        } else if self.is_late(now) {
            self.end(Status::Timeout, FinishReason::Timeout, now, tally);
        } else {
            self.end(Status::Cancelled, FinishReason::Cancelled, now, tally);
        }
    }

    /// Whether the deadline is over, which is told at the start.
    fn is_late(&self, now: u32) -> bool {
        let limit = self.scenario.limit.filter(|_| !self.is_waiting);
        limit.is_some_and(|limit| now - self.arrived >= limit)
    }

    fn record(&mut self, tokens: usize, tally: &mut Tally) {
        let tokens = u32::try_from(tokens).unwrap();
        if tokens == 0 {
            return;
        }
        self.generates = true;
        if self.tokens == 0 {
            tally.first_tokens += 1;
        } else {
            tally.inter_token += tokens;
        }
        self.tokens += tokens;
        tally.output += tokens;
    }

    fn panic(&mut self, now: u32, tally: &mut Tally) {
        tally.panics += 1;
        self.end(Status::Error, FinishReason::Error, now, tally);
    }

    fn end(&mut self, status: Status, reason: FinishReason, now: u32, tally: &mut Tally) {
        self.is_over = true;
        let [in_flight, waiting, running] = &mut tally.gauges;
        *in_flight -= 1;
        *(if self.is_waiting { waiting } else { running }) -= 1;
        count(&mut tally.statuses, Status::ALL, &status);
        if status.has_duration() {
            tally.seconds += now - self.arrived;
        }
        // The input is told at the start.
        if let Some(tokens) =
            self.scenario.input.filter(|_| !self.is_waiting && status.has_duration())
        {
            let [inputs, input] = &mut tally.inputs;
            (*inputs, *input) = (*inputs + 1, *input + u32::try_from(tokens).unwrap());
        }
        if self.generates {
            let [outputs, output] = &mut tally.lengths;
            (*outputs, *output) = (*outputs + 1, *output + self.tokens);
            tally.per_output += u32::from(self.tokens > 1);
            count(&mut tally.finished, FinishReason::ALL, &reason);
        }
    }
}

fn count<T: PartialEq>(counts: &mut [u32], all: &[T], one: &T) {
    let (_, count) = all.iter().zip(counts).find(|(other, _)| *other == one).unwrap();
    *count += 1;
}

/// What a service does that has no future and no stream to give away.
fn step_by_hand(mut request: InferenceRequest, step: Step) -> Carried {
    match step {
        Step::Pending => {}
        Step::Tokens(tokens) => request.record_tokens(tokens),
        Step::Last => {
            request.record_tokens(2);
            request.complete_output(FinishReason::Length);
            drop(request);
            return Carried::Over;
        }
        Step::Fail => {
            request.end(RequestOutcome::Error(Status::UNNAMED_ERROR));
            return Carried::Over;
        }
        Step::Panic => {
            let unwound: Option<()> = catch_scripted_panic(|| {
                let _request = request;
                scripted_panic()
            });
            assert_eq!(unwound, None);
            return Carried::Over;
        }
        Step::End => {
            request.success();
            return Carried::Over;
        }
    }
    Carried::Guard(request)
}

/// A stream that gives the steps that are items, and does the others.
fn scripted_stream(mut steps: VecDeque<Step>) -> impl Stream<Item = Step> + Unpin {
    stream::poll_fn(move |_| match steps.pop_front() {
        Some(Step::Panic) => scripted_panic(),
        Some(Step::End) => Poll::Ready(None),
        Some(Step::Pending) | None => Poll::Pending,
        Some(item) => Poll::Ready(Some(item)),
    })
}
