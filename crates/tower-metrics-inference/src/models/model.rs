//! The metrics of one model.

use std::sync::Arc;

use quanta::Instant;

use super::entry::Entry;
use super::source::to_f64;
use super::state::ModelState;
use crate::request::{InferenceRequest, OutcomeFn, Queued, RequestFuture, RequestOutcome, Status};

/// The metrics of one model, or of all that are unknown. Cheap to clone.
///
/// Every request of the model begins here: [`start`](Self::start), [`enqueue`](Self::enqueue) or
/// [`reject`](Self::reject) it, or let [`observe`](Self::observe) do it all around a future.
#[derive(Clone, Debug)]
pub struct Model {
    entry: Arc<Entry>,
}

impl Model {
    pub(crate) fn new(entry: Arc<Entry>) -> Self {
        Self { entry }
    }

    /// The name, as it stands in the label `model_name`.
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// Whether the model was registered; one that was not is counted under `unknown`.
    pub fn is_known(&self) -> bool {
        self.entry.is_known()
    }

    /// Where the model stands.
    pub fn state(&self) -> ModelState {
        self.entry.state()
    }

    /// Sets `model_info` to this version. Does nothing for unknown models.
    ///
    /// At most as many versions are told apart as
    /// [`with_max_label_values`](crate::InferenceBuilder::with_max_label_values) says.
    pub fn set_version(&self, version: &str) {
        if self.is_known() {
            self.entry.set_version(version);
        }
    }

    /// Sets `inference_max_concurrency`: how many requests the model can run at once. Does nothing
    /// for unknown models.
    pub fn set_max_concurrency(&self, requests: usize) {
        self.entry.set_max_concurrency(requests);
    }

    /// Records how many requests the model runs together from now on.
    pub fn record_batch_size(&self, requests: usize) {
        self.entry.series.batch_size.record(Instant::now(), to_f64(requests));
    }

    /// Counts in a request that runs from now on.
    pub fn start(&self) -> InferenceRequest {
        InferenceRequest::running(Arc::clone(&self.entry))
    }

    /// Counts in a request that waits from now on.
    pub fn enqueue(&self) -> Queued {
        Queued::new(Arc::clone(&self.entry))
    }

    /// Counts a request that was refused before it began: too many, too long, an unknown model.
    pub fn reject(&self) {
        self.entry.series.requests(Status::Rejected).increment(Instant::now(), 1);
    }

    /// Measures `future` as a request, from now on: `Ok` is a success, `Err` an error, and a drop a
    /// cancellation.
    ///
    /// ```
    /// # use tower_metrics_inference::Inference;
    /// # async fn infer(input: &str) -> Result<usize, std::fmt::Error> { Ok(input.len()) }
    /// # tokio_test::block_on(async {
    /// let model = Inference::builder().build()?.register("resnet50")?;
    /// let answer = model.observe(infer("a photo")).await?;
    /// assert_eq!(answer, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn observe<F, T, E>(&self, future: F) -> RequestFuture<F, OutcomeFn<Result<T, E>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.start().observe(future)
    }

    /// Measures `future` as a request, from now on, that ends as `outcome` says.
    ///
    /// ```
    /// use tower_metrics_inference::{Inference, RequestOutcome};
    /// # enum Failure { OutOfMemory, Full }
    /// # async fn infer() -> Result<u32, Failure> { Err(Failure::Full) }
    /// # tokio_test::block_on(async {
    ///
    /// let model = Inference::builder().build()?.register("resnet50")?;
    /// let answer = model.observe_as(infer(), |answer| match answer {
    ///     Ok(_) => RequestOutcome::Success,
    ///     Err(Failure::Full) => RequestOutcome::Rejected,
    ///     Err(Failure::OutOfMemory) => RequestOutcome::Error("out_of_memory"),
    /// });
    /// # answer.await.is_err();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn observe_as<F, C>(&self, future: F, outcome: C) -> RequestFuture<F, C>
    where
        F: Future,
        C: FnOnce(&F::Output) -> RequestOutcome<'_>,
    {
        self.start().observe_as(future, outcome)
    }
}
