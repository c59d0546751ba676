//! How often, and for how long, a push is tried.

use std::time::Duration;

use tokio::time::{self, Instant};

use crate::error::PushError;

/// What bounds a push.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retries {
    /// How many attempts there are after the first.
    pub(crate) max: u32,
    /// For one attempt.
    pub(crate) timeout: Duration,
    /// For all of them, and what is between them.
    pub(crate) total: Duration,
    pub(crate) backoff: Backoff,
}

/// How long to wait after a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

/// The time that is left for something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    since: Instant,
    total: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            max: 4,
            timeout: Duration::from_secs(10),
            total: Duration::from_secs(30),
            backoff: Backoff {
                first: Duration::from_millis(500),
                longest: Duration::from_secs(10),
            },
        }
    }
}

impl Retries {
    /// Attempts, until that succeeds, or fails for good, or the attempts or the time are used up.
    /// Each attempt gets its share of the time.
    pub(crate) async fn run(
        &self,
        budget: Budget,
        mut attempt: impl AsyncFnMut(Budget) -> Result<(), PushError>,
    ) -> Result<(), PushError> {
        let mut failures = 0;
        loop {
            let error = match attempt(budget.share(self.timeout)).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let pause = self.backoff.pause(failures);
            // Better an error now than the same one, or none that tells anything, later.
            if !error.is_transient() || failures >= self.max || pause >= budget.left() {
                return Err(error);
            }
            failures += 1;
            time::sleep(pause).await;
        }
    }

    /// The time for a whole push that began at `since`.
    pub(crate) fn budget(&self, since: Instant) -> Budget {
        Budget { since, total: self.total }
    }
}

impl Backoff {
    /// How long to wait after one more failure than `failures`.
    pub(crate) fn pause(self, failures: u32) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
        let half = doubled.min(self.longest) / 2;
        half + half.mul_f64(fastrand::f64())
    }
}

impl Budget {
    /// The time that is left, which is none when it is used up.
    pub(crate) fn left(self) -> Duration {
        self.total.saturating_sub(self.since.elapsed())
    }

    /// A part that begins now, and ends with the whole at the latest.
    pub(crate) fn share(self, part: Duration) -> Self {
        Self { since: Instant::now(), total: self.left().min(part) }
    }

    /// Waits for `work` for as long as there is time.
    pub(crate) async fn spend<T>(self, work: impl Future<Output = T>) -> Result<T, PushError> {
        let timeout = PushError::Timeout { after: self.total };
        time::timeout(self.left(), work).await.map_err(|_| timeout)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    const RETRIES: Retries = Retries {
        max: 3,
        timeout: Duration::from_secs(10),
        total: Duration::from_secs(60),
        backoff: Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(3) },
    };

    fn refused(status: u16) -> PushError {
        PushError::Refused { status, text: String::new() }
    }

    fn lost() -> PushError {
        let source = io::ErrorKind::ConnectionRefused.into();
        PushError::Connect { address: String::new(), source }
    }

    /// Runs attempts of which each fails as it is told, and returns how many there were.
    async fn run(
        retries: Retries,
        mut fail: impl AsyncFnMut(u32) -> Result<(), PushError>,
    ) -> (u32, Result<(), PushError>) {
        let mut attempts = 0;
        let outcome = retries
            .run(retries.budget(Instant::now()), async |budget: Budget| {
                attempts += 1;
                budget.spend(fail(attempts)).await?
            })
            .await;
        (attempts, outcome)
    }

    /// The gateway was restarted meanwhile.
    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again() {
        let (attempts, outcome) = run(RETRIES, async |attempt| match attempt {
            1 => Err(refused(500)),
            2 => Err(lost()),
            _ => Ok(()),
        })
        .await;
        assert_eq!((attempts, outcome.is_ok()), (3, true));
    }

    /// Sending it once more would not change the answer.
    #[tokio::test(start_paused = true)]
    async fn what_will_not_pass_is_not_tried_again() {
        for status in [301, 400, 401, 404, 429, 499] {
            let (attempts, outcome) = run(RETRIES, async |_| Err(refused(status))).await;
            assert_eq!((attempts, outcome.unwrap_err().status()), (1, Some(status)));
        }
    }

    /// The last error is the one that is returned.
    #[tokio::test(start_paused = true)]
    async fn attempts_are_bounded() {
        let fail = async |attempt| Err(refused(if attempt == 4 { 503 } else { 500 }));
        let (attempts, outcome) = run(RETRIES, fail).await;
        assert_eq!((attempts, outcome.unwrap_err().status()), (4, Some(503)));
        let once = Retries { max: 0, ..RETRIES };
        assert_eq!(run(once, async |_| Err(lost())).await.0, 1);
    }

    /// A gateway that hangs is given up after the time for an attempt, and tried again.
    #[tokio::test(start_paused = true)]
    async fn an_attempt_has_a_time_of_its_own() {
        let started = Instant::now();
        let (attempts, outcome) = run(RETRIES, async |attempt| match attempt {
            1 => std::future::pending().await,
            _ => Ok(()),
        })
        .await;
        assert_eq!((attempts, outcome.is_ok()), (2, true));
        let elapsed = started.elapsed();
        assert!(elapsed >= RETRIES.timeout && elapsed <= RETRIES.timeout + RETRIES.backoff.first);
    }

    /// However many attempts would be left.
    #[tokio::test(start_paused = true)]
    async fn the_whole_is_bounded_too() {
        let patient = Retries { max: u32::MAX, total: Duration::from_secs(25), ..RETRIES };
        let started = Instant::now();
        let (attempts, outcome) = run(patient, async |_| std::future::pending().await).await;
        assert!(outcome.unwrap_err().is_timeout());
        assert_eq!((attempts, started.elapsed() <= patient.total), (3, true));

        // The error is not kept waiting for a time in which there is no attempt.
        let started = Instant::now();
        let (attempts, outcome) = run(patient, async |_| Err(refused(503))).await;
        assert_eq!(outcome.unwrap_err().status(), Some(503));
        assert!(attempts > 8 && started.elapsed() < patient.total);
    }

    /// Twice as long each time, up to the longest, and never the same for everybody.
    #[test]
    fn pauses_grow_and_differ() {
        for (failures, seconds) in [(0, 1), (1, 2), (2, 3), (31, 3), (32, 3), (u32::MAX, 3)] {
            let whole = Duration::from_secs(seconds);
            let pauses: Vec<_> = (0..50).map(|_| RETRIES.backoff.pause(failures)).collect();
            assert!(pauses.iter().all(|&pause| pause >= whole / 2 && pause <= whole));
            assert!(pauses.iter().any(|&pause| pause != pauses[0]));
        }
        let longest = Backoff { first: Duration::MAX, longest: Duration::MAX };
        assert!(longest.pause(u32::MAX) >= Duration::MAX / 2);
    }
}
