//! The clock of a middleware.

use quanta::Instant;

/// Counts time since it was made.
#[derive(Debug)]
pub(super) enum Clock {
    /// The processor's own counter, where there is one to rely on; made into seconds only where
    /// somebody wants those.
    Counter { clock: quanta::Clock, epoch: u64, seconds_per_tick: f64 },
    /// What [`quanta::with_clock`] put in its place when this was made.
    Replaced { epoch: Instant },
}

/// A moment, as one clock counts.
pub(crate) type Ticks = u64;

impl Clock {
    pub(super) fn new() -> Self {
        let clock = quanta::Clock::new();
        let before = clock.now();
        let epoch = Instant::now();
        if (before..=clock.now()).contains(&epoch) {
            Self::Counter { epoch: clock.raw(), seconds_per_tick: seconds_per_tick(&clock), clock }
        } else {
            Self::Replaced { epoch }
        }
    }

    #[inline]
    pub(super) fn now(&self) -> Ticks {
        match self {
            Self::Counter { clock, .. } => clock.raw(),
            Self::Replaced { epoch } => nanoseconds_since(*epoch),
        }
    }

    /// The seconds between two moments; 0 if they are the other way round, as the counters of two
    /// processors may show them.
    #[inline]
    pub(super) fn seconds(&self, from: Ticks, to: Ticks) -> f64 {
        // As a signed number, which a processor converts at once.
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks, a month or more")]
        let ticks = to.saturating_sub(from).cast_signed() as f64;
        match self {
            Self::Counter { seconds_per_tick, .. } => ticks * seconds_per_tick,
            Self::Replaced { .. } => ticks / 1e9,
        }
    }

    /// The whole seconds between the making of this clock and `now`.
    pub(super) fn second(&self, now: Ticks) -> u64 {
        let nanoseconds = match self {
            Self::Counter { clock, epoch, .. } => clock.delta_as_nanos(*epoch, now),
            Self::Replaced { .. } => now,
        };
        nanoseconds / 1_000_000_000
    }
}

/// How long a tick of the counter is, to twelve digits.
#[expect(clippy::cast_precision_loss, reason = "no more digits are needed")]
fn seconds_per_tick(clock: &quanta::Clock) -> f64 {
    const TICKS: u64 = 1 << 42;
    clock.delta_as_nanos(0, TICKS) as f64 / 1e9 / TICKS as f64
}

fn nanoseconds_since(epoch: Instant) -> u64 {
    let elapsed = Instant::now().saturating_duration_since(epoch);
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Clock;

    /// Whichever clock it is, it counts the time that passes.
    #[test]
    fn a_clock_counts_seconds() {
        let clock = Clock::new();
        assert!(matches!(clock, Clock::Counter { .. }));
        let (before, outside, from) = (clock.now(), Instant::now(), clock.now());
        while outside.elapsed() < Duration::from_millis(20) {}
        let (to, elapsed) = (clock.now(), outside.elapsed().as_secs_f64());
        // Two clocks that differ by a twentieth at most.
        assert!(clock.seconds(before, to) > 0.019);
        assert!(clock.seconds(from, to) < elapsed * 1.05);
        assert!(clock.seconds(to, before) <= 0.0);
        assert_eq!(clock.second(to), 0);
    }

    /// Tests let time pass as they like.
    #[test]
    fn a_clock_can_be_replaced() {
        let (mock, time) = quanta::Clock::mock();
        quanta::with_clock(&mock, || {
            let clock = Clock::new();
            let from = clock.now();
            time.increment(Duration::from_millis(2_500));
            assert_eq!(clock.seconds(from, clock.now()).to_string(), "2.5");
            assert_eq!(clock.second(clock.now()), 2);
        });
    }
}
