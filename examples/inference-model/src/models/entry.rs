//! A model of the service, loaded or not.

use std::{
    num::NonZeroU16,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::{sync::Mutex, task::spawn_blocking, time};
use tower_metrics::{
    Inference,
    inference::{InferenceError, LoadError, Model},
};

use super::{Engine, Failure, Known, Prediction, Tokens};
use crate::{
    error::ApiError,
    queue::{Slot, Slots},
    request::{LoadRequest, PredictRequest},
};

/// A model of the service, loaded or not.
#[derive(Debug)]
pub(crate) struct Entry {
    known: &'static Known,
    metrics: Model,
    slots: Slots,
    engine: RwLock<Option<Arc<dyn Engine>>>,
    /// Held while the model is loaded or unloaded, so that the metrics say what became of it.
    changing: Mutex<()>,
}

/// A loaded model, also if it is unloaded meanwhile.
#[derive(Debug)]
pub(crate) struct Ready {
    name: &'static str,
    pub(crate) metrics: Model,
    pub(crate) slots: Slots,
    engine: Arc<dyn Engine>,
}

impl Entry {
    /// Registers the model; its series are there from now on.
    pub(crate) fn register(
        known: &'static Known,
        inference: &Inference,
        max_concurrency: NonZeroU16,
    ) -> Result<Self, InferenceError> {
        let metrics = inference.register(known.name)?;
        metrics.set_max_concurrency(max_concurrency.get().into());
        let slots = Slots::new(max_concurrency);
        let (engine, changing) = (RwLock::default(), Mutex::default());
        Ok(Self { known, metrics, slots, engine, changing })
    }

    /// Returns the name used in URLs and labels.
    pub(crate) fn name(&self) -> &'static str {
        self.known.name
    }

    pub(crate) fn version(&self) -> &'static str {
        self.known.version
    }

    pub(crate) fn state(&self) -> &'static str {
        self.metrics.state().as_str()
    }

    /// Loads the model, anew if it is loaded.
    pub(crate) async fn load(
        &self,
        inference: &Inference,
        request: LoadRequest,
    ) -> Result<(), ApiError> {
        let _changing = self.changing.lock().await;
        let loading = async {
            time::sleep(request.delay()).await;
            if request.fail {
                return Err(Failure::Simulated);
            }
            blocking(self.known.load).await
        };
        let loaded = inference.load(self.known.name, loading).await.map_err(|error| {
            let source = match error {
                LoadError::Load(failure) => failure,
                error => Failure::engine(error),
            };
            ApiError::Load { model_name: self.known.name, source }
        })?;
        let (metrics, engine) = loaded.into_parts();
        metrics.set_version(self.known.version);
        self.set_engine(Some(engine));
        Ok(())
    }

    /// Unloads the model. The requests that it runs go on.
    pub(crate) async fn unload(&self, inference: &Inference) {
        let _changing = self.changing.lock().await;
        self.set_engine(None);
        inference.unload(self.known.name);
    }

    /// Returns the model, if it is loaded.
    pub(crate) fn ready(&self) -> Result<Ready, ApiError> {
        let name = self.known.name;
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner).clone();
        let engine = engine.ok_or(ApiError::NotLoaded { model_name: name })?;
        Ok(Ready { name, metrics: self.metrics.clone(), slots: self.slots.clone(), engine })
    }

    fn set_engine(&self, engine: Option<Arc<dyn Engine>>) {
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = engine;
    }
}

impl Ready {
    /// Runs one inference.
    ///
    /// # Cancellation
    ///
    /// Dropped while the model computes, it lets the model go on, and the slot is taken meanwhile.
    pub(crate) async fn predict(
        &self,
        request: PredictRequest,
        slot: Slot,
    ) -> Result<Prediction, ApiError> {
        predict(self.name, &self.engine, request, slot).await
    }

    /// Continues a text, if the model can do that.
    pub(crate) fn generate(&self, prompt: &str) -> Result<Tokens, ApiError> {
        let tokens = self.engine.generate(prompt);
        tokens.ok_or(ApiError::NotGenerative { model_name: self.name })
    }

    /// Returns the error that says that this model failed.
    pub(crate) fn failed(&self, source: Failure) -> ApiError {
        ApiError::Inference { model_name: self.name, source }
    }
}

/// Runs one inference; `held` is dropped when the model has done with it.
pub(super) async fn predict(
    model_name: &'static str,
    engine: &Arc<dyn Engine>,
    request: PredictRequest,
    held: impl Send + 'static,
) -> Result<Prediction, ApiError> {
    let failed = |source| ApiError::Inference { model_name, source };
    time::sleep(request.delay()).await;
    if request.fail {
        return Err(failed(Failure::Simulated));
    }
    let tokens = request.tokens();
    let engine = Arc::clone(engine);
    let inferred = blocking(move || {
        let _held = held;
        engine.infer(&request.input)
    });
    let output = inferred.await.map_err(failed)?;
    Ok(Prediction { model: model_name, output, tokens })
}

/// Runs what keeps a core busy where it keeps nobody else waiting.
pub(super) async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(f).await.unwrap_or_else(|panicked| Err(Failure::engine(panicked)))
}
