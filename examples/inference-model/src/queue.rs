//! How many requests run at once, and how many wait for that.

use std::{num::NonZeroU16, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;

/// The right to run one request; dropping it lets the next one run.
pub(crate) type Slot = OwnedSemaphorePermit;

/// How many requests a model can run at once.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Arc<Semaphore>);

impl Slots {
    pub(crate) fn new(requests: NonZeroU16) -> Self {
        Self(Arc::new(Semaphore::new(requests.get().into())))
    }
}

/// The requests that wait for a slot, of whatever model; in a model's own queue, the first to come
/// is the first to run. Clones share the places.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    places: Arc<Semaphore>,
    capacity: usize,
}

impl Queue {
    /// Creates a queue with places for so many requests.
    pub(crate) fn new(capacity: u16) -> Self {
        let capacity = capacity.into();
        Self { places: Arc::new(Semaphore::new(capacity)), capacity }
    }

    /// Returns how many requests wait.
    pub(crate) fn len(&self) -> usize {
        self.capacity.saturating_sub(self.places.available_permits())
    }

    /// Waits for a slot, if there is none free; not even that if the queue is full.
    pub(crate) async fn slot(&self, slots: &Slots) -> Result<Slot, ApiError> {
        // While others wait none is free: a slot is handed on to the first of them.
        if let Ok(slot) = Arc::clone(&slots.0).try_acquire_owned() {
            return Ok(slot);
        }
        let _place = self.places.try_acquire().map_err(|_| ApiError::QueueFull)?;
        Arc::clone(&slots.0).acquire_owned().await.map_err(|_| ApiError::QueueFull)
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::{assert_pending, assert_ready_ok, task::spawn};

    use super::*;

    /// One runs, one waits, one is refused; then the one that waited runs.
    #[tokio::test]
    async fn requests_run_then_wait_then_are_refused() {
        let (queue, slots) = (Queue::new(1), Slots::new(NonZeroU16::MIN));
        let running = queue.slot(&slots).await.unwrap();
        let mut waiting = spawn(queue.slot(&slots));
        assert_pending!(waiting.poll());
        assert_eq!(queue.len(), 1);
        assert!(matches!(queue.slot(&slots).await, Err(ApiError::QueueFull)));

        drop(running);
        assert!(waiting.is_woken());
        let _running = assert_ready_ok!(waiting.poll());
        assert_eq!(queue.len(), 0);
    }

    /// Who does not wait any more has no place.
    #[tokio::test]
    async fn a_request_that_leaves_the_queue_makes_room() {
        let (queue, slots) = (Queue::new(1), Slots::new(NonZeroU16::MIN));
        let _running = queue.slot(&slots).await.unwrap();
        let mut waiting = spawn(queue.slot(&slots));
        assert_pending!(waiting.poll());
        drop(waiting);
        assert_eq!(queue.len(), 0);
    }

    /// Without places a request may still run, if it can do so at once.
    #[tokio::test]
    async fn no_place_is_needed_to_run_at_once() {
        let (queue, slots) = (Queue::new(0), Slots::new(NonZeroU16::MIN));
        assert!(queue.slot(&slots).await.is_ok());
        assert!(queue.slot(&slots).await.is_ok());
    }
}
