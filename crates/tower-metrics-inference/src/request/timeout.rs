//! A request around a future, with a time limit.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{self, Timeout};

use super::future::RequestFuture;
use super::outcome::{OutcomeFn, RequestOutcome, Status};
use crate::models::Model;

type Limited<T, E> = Result<Result<T, E>, time::error::Elapsed>;

pin_project! {
    /// A future that is measured as a request and has a time limit; see
    /// [`Model::observe_with_timeout`].
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct TimeoutFuture<F, T, E> {
        #[pin]
        observed: RequestFuture<Timeout<F>, OutcomeFn<Limited<T, E>>>,
        limit: Duration,
    }
}

impl Model {
    /// Measures `future` as [`observe`](Self::observe) does, and drops it after `limit`: the
    /// request then counts as `timeout`.
    ///
    /// # Errors
    ///
    /// [`TimeoutError::Elapsed`] after `limit`, [`TimeoutError::Inner`] with the future's own.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with its timer on, as [`tokio::time::timeout`] does.
    ///
    /// # Cancellation
    ///
    /// Dropped before it is ready, the request is cancelled.
    pub fn observe_with_timeout<F, T, E>(
        &self,
        limit: Duration,
        future: F,
    ) -> TimeoutFuture<F, T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let outcome: OutcomeFn<Limited<T, E>> = |result| match result {
            Ok(Ok(_)) => RequestOutcome::Success,
            Ok(Err(_)) => RequestOutcome::Error(Status::UNNAMED_ERROR),
            Err(_) => RequestOutcome::Timeout,
        };
        // The timer first: without a runtime it panics, and then there was no request.
        let future = time::timeout(limit, future);
        let observed = RequestFuture::new(self.start(), future, outcome);
        TimeoutFuture { observed, limit }
    }
}

impl<F, T, E> Future for TimeoutFuture<F, T, E>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, TimeoutError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.observed.poll(cx)) {
            Ok(result) => result.map_err(TimeoutError::Inner),
            Err(_) => Err(TimeoutError::Elapsed { limit: *this.limit }),
        })
    }
}

/// Why [`Model::observe_with_timeout`] has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutError<E> {
    /// There was none within the limit.
    #[non_exhaustive]
    Elapsed {
        /// How long the future was waited for.
        limit: Duration,
    },
    /// The future failed.
    Inner(E),
}

impl<E> TimeoutError<E> {
    /// Whether the time was over.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Elapsed { .. })
    }

    /// What the future failed with.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Elapsed { .. } => None,
            Self::Inner(error) => Some(error),
        }
    }
}

impl<E: fmt::Display> fmt::Display for TimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed { limit } => write!(f, "no answer within {limit:?}"),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for TimeoutError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Elapsed { .. } => None,
            // Its text is the whole text above.
            Self::Inner(error) => error.source(),
        }
    }
}
