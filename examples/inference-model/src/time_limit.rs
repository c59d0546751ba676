//! The time that a request has.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::ApiError;

/// The time that a request has, for all that it waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeLimit {
    limit: Duration,
    deadline: Instant,
}

impl TimeLimit {
    /// Begins now.
    pub(crate) fn starting_now(limit: Duration) -> Self {
        Self { limit, deadline: Instant::now() + limit }
    }

    /// Waits for a future, for what is left of the time.
    pub(crate) async fn apply<T>(
        self,
        future: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        match timeout_at(self.deadline, future).await {
            Ok(result) => result,
            Err(_) => Err(ApiError::Timeout { limit: self.limit }),
        }
    }
}
