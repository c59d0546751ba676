//! The layer.

use std::sync::Arc;
use std::time::Duration;

use http::response::Parts;
use tower_layer::Layer;

use super::model_name::ModelName;
use super::service::InferenceService;
use super::shared::Shared;
use crate::inference::Inference;
use crate::request::RequestOutcome;

/// Measures requests whose path names a model: `/predict/{model_name}`.
///
/// See the [module docs](super).
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is around a service"]
pub struct InferenceLayer {
    shared: Arc<Shared>,
}

impl InferenceLayer {
    /// Measures the requests that name one of these models.
    pub fn new(inference: &Inference, model_name: ModelName) -> Self {
        let shared = Shared {
            inference: inference.clone(),
            model_name,
            time_limit: None,
            token_recorder: false,
            outcome: None,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sets after how long a timeout further out drops a request: it then counts as `timeout`, and
    /// not as `cancelled`. Defaults to never.
    ///
    /// Nothing happens at that time; whoever limits the request drops it. Since that one began to
    /// count a little earlier, the last hundredth of the time belongs to the timeout already.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.shared_mut().time_limit = Some(limit);
        self
    }

    /// Puts a [`TokenRecorder`](crate::TokenRecorder) into the extensions of each request that is
    /// measured, so that its handler can note tokens: for routes that generate, since a request
    /// which notes none counts as one that generated none. Defaults to none.
    pub fn with_token_recorder(mut self) -> Self {
        self.shared_mut().token_recorder = true;
        self
    }

    /// Sets how a request ends by the head of its response: by what a handler put into the
    /// extensions, for example. Defaults to [`RequestOutcome::of_status_code`].
    pub fn with_outcome(
        mut self,
        outcome: impl Fn(&Parts) -> RequestOutcome<'_> + Send + Sync + 'static,
    ) -> Self {
        self.shared_mut().outcome = Some(Arc::new(outcome));
        self
    }

    fn shared_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.shared)
    }
}

impl<S> Layer<S> for InferenceLayer {
    type Service = InferenceService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        InferenceService::new(inner, Arc::clone(&self.shared))
    }
}
