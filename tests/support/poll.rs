//! Waiting for something to become true.

use std::thread;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Error;

/// The pause between two looks: short beside what is waited for, long beside a loopback request.
const INTERVAL: Duration = Duration::from_millis(20);

/// How long a thread waits: for what takes no time where nothing is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until `look` returns a value.
///
/// The last look starts after the time is up, so that a stalled machine is not mistaken for a
/// condition that never holds.
///
/// # Errors
///
/// [`Error::TimedOut`], which names `what`, if there is no value after `timeout`.
pub async fn wait_until<T>(
    what: &str,
    timeout: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Result<T, Error> {
    let deadline = Instant::now() + timeout;
    loop {
        let is_last = Instant::now() >= deadline;
        if let Some(value) = look().await {
            return Ok(value);
        }
        if is_last {
            return Err(Error::TimedOut { what: what.to_owned(), after: timeout });
        }
        sleep(INTERVAL).await;
    }
}

/// Looks again and again until `condition` holds, on a thread without a runtime; `what` is a
/// sentence.
///
/// # Errors
///
/// [`Error::TimedOut`], which names `what`, if it does not within a minute.
pub fn wait_until_blocking(what: &str, mut condition: impl FnMut() -> bool) -> Result<(), Error> {
    let begun = std::time::Instant::now();
    loop {
        let is_last = begun.elapsed() >= PATIENCE;
        if condition() {
            return Ok(());
        }
        if is_last {
            return Err(Error::TimedOut { what: format!("sign that {what}"), after: PATIENCE });
        }
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looking ends with the first value.
    #[tokio::test]
    async fn the_first_value_is_returned() {
        let mut looks = 0;
        let third = wait_until("third look", Duration::from_secs(60), async || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(third.await.unwrap(), 3);
    }

    /// The same on a thread.
    #[test]
    fn a_thread_waits_until_the_condition_holds() {
        let mut looks = 0;
        let third = wait_until_blocking("three looks were taken", || {
            looks += 1;
            looks == 3
        });
        third.unwrap();
        assert_eq!(looks, 3);
    }

    /// A test that waited in vain says for what.
    #[tokio::test]
    async fn what_never_holds_is_named_after_the_time_is_up() {
        let never = wait_until("miracle", Duration::ZERO, async || None::<()>).await;
        let error = never.unwrap_err();
        assert!(error.is_timeout());
        assert_eq!(error.to_string(), "no miracle within 0ns");
    }
}
