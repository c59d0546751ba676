//! What should be counted of a [`Scenario`], step by step.

use std::collections::VecDeque;

use http::Method;
use tower_metrics_tests::scripted::BodyStep;

use super::super::tally::{Ending, Tally};
use super::scenario::{Head, Length, Name, Scenario};

/// A request that has arrived.
#[derive(Debug)]
pub(super) struct Model {
    scenario: Scenario,
    endpoint: &'static str,
    state: State,
}

#[derive(Debug)]
enum State {
    /// There is no head yet; this many polls were made.
    Waiting { polls: usize },
    /// The head is there, and the body goes on with these steps.
    Sending { status: u16, steps: VecDeque<BodyStep>, expected: Option<u64> },
    /// It was counted.
    Ended,
}

impl Model {
    pub(super) fn arrive(scenario: Scenario, tally: &mut Tally) -> Self {
        tally.arrive(scenario.method.as_str());
        let endpoint = match scenario.name {
            Name::Request(route) | Name::Layer(route) => route,
            Name::Nobody | Name::LayerBehindLogin(_) | Name::Response(_) => "unmatched",
        };
        let panics = scenario.head == Head::PanicInCall && !is_behind_login(&scenario);
        let mut model = Self { scenario, endpoint, state: State::Waiting { polls: 0 } };
        if panics {
            model.end((500, Some("panic")), tally);
        }
        model
    }

    /// The future or the body is polled.
    pub(super) fn poll(&mut self, tally: &mut Tally) {
        match &mut self.state {
            State::Waiting { polls } => {
                *polls += 1;
                let polls = *polls;
                self.poll_future(polls, tally);
            }
            State::Sending { status, steps, expected } => {
                let step = steps.pop_front().unwrap_or(BodyStep::End);
                *expected = expected.map(|left| left.saturating_sub(bytes(&step)));
                let reason = match step {
                    BodyStep::Error => Some("body_error"),
                    BodyStep::Panic => Some("panic"),
                    BodyStep::End | BodyStep::Trailers(_) => None,
                    BodyStep::Data(_) if self.scenario.tells_end && steps.is_empty() => None,
                    _ => return,
                };
                let ending = (*status, reason);
                self.end(ending, tally);
            }
            State::Ended => {}
        }
    }

    /// The client, or whoever serves it, goes away.
    pub(super) fn drop(mut self, tally: &mut Tally) {
        match self.state {
            State::Waiting { .. } => self.end((499, Some("cancelled")), tally),
            State::Sending { status, expected: Some(0), .. } => self.end((status, None), tally),
            State::Sending { status, .. } => self.end((status, Some("body_dropped")), tally),
            State::Ended => {}
        }
    }

    fn poll_future(&mut self, polls: usize, tally: &mut Tally) {
        let mut pending = self.scenario.pending;
        if let Name::LayerBehindLogin(route) = self.scenario.name {
            if polls == 1 {
                return;
            }
            self.endpoint = route;
            pending += 1;
        }
        match self.scenario.head {
            Head::PanicInCall => self.end((500, Some("panic")), tally),
            _ if polls <= pending => {}
            Head::Status(status) => self.answer(status, tally),
            Head::Unmeasured => {
                self.state = State::Ended;
                tally.leave(self.scenario.method.as_str());
            }
            Head::Error => self.end((500, Some("service_error")), tally),
            Head::Panic => self.end((500, Some("panic")), tally),
            Head::Never => {}
        }
    }

    fn answer(&mut self, status: u16, tally: &mut Tally) {
        if let Name::Response(route) = self.scenario.name {
            self.endpoint = route;
        }
        let steps: VecDeque<_> = self.scenario.body.iter().cloned().collect();
        let is_over = self.scenario.tells_end && steps.is_empty();
        if self.scenario.method == Method::HEAD || status == 204 || is_over {
            return self.end((status, None), tally);
        }
        let expected = match self.scenario.length {
            Length::Unknown => None,
            Length::SizeHint => Some(steps.iter().map(bytes).sum()),
            Length::Header(length) => Some(length),
        };
        self.state = State::Sending { status, steps, expected };
    }

    fn end(&mut self, ending: Ending, tally: &mut Tally) {
        self.state = State::Ended;
        tally.end(self.scenario.method.as_str(), self.endpoint, ending);
    }
}

fn is_behind_login(scenario: &Scenario) -> bool {
    matches!(scenario.name, Name::LayerBehindLogin(_))
}

fn bytes(step: &BodyStep) -> u64 {
    match step {
        BodyStep::Data(bytes) => *bytes as u64,
        _ => 0,
    }
}
