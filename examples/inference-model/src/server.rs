//! What can be asked of the service, and how it is counted.

use std::{collections::BTreeMap, error::Error, time::Duration};

use serde::Serialize;
use tower_metrics::{Inference, inference::InferenceRequest};

use crate::{
    error::ApiError,
    gauges,
    generation::{Events, Generation},
    models::{Entry, KNOWN, Prediction, Ready},
    options::Options,
    queue::{Queue, Slot},
    request::{Body, GenerateRequest, LoadRequest, PredictRequest},
    time_limit::TimeLimit,
};

/// Everything that can be asked of the service, but for its health.
///
/// Each method takes what came in a request, right or wrong, so that what is wrong with it is
/// answered and counted here. A wrong model is reported before a wrong body.
#[derive(Debug)]
pub struct ModelServer {
    inference: Inference,
    models: BTreeMap<&'static str, Entry>,
    queue: Queue,
    timeout: Duration,
}

/// A request that runs.
struct Running {
    request: InferenceRequest,
    slot: Slot,
    limit: TimeLimit,
}

impl ModelServer {
    /// Loads every model, one after the other.
    ///
    /// # Errors
    ///
    /// That of a metric or of a model, neither of which should fail.
    pub async fn start(options: &Options) -> Result<Self, Box<dyn Error>> {
        Self::start_with(Inference::builder().with_tokens().build()?, options).await
    }

    async fn start_with(inference: Inference, options: &Options) -> Result<Self, Box<dyn Error>> {
        let queue = Queue::new(options.max_waiting());
        gauges::observe(&inference, &queue)?;
        let mut models = BTreeMap::new();
        for known in KNOWN {
            let entry = Entry::register(known, &inference, options.max_concurrency())?;
            entry.load(&inference, LoadRequest::default()).await?;
            models.insert(entry.name(), entry);
        }
        Ok(Self { inference, models, queue, timeout: options.timeout() })
    }

    /// Answers `POST /predict/{model_name}`.
    ///
    /// # Errors
    ///
    /// An [`ApiError`] that says what is wrong with the request, or went wrong.
    pub async fn predict<B: AsRef<[u8]>>(
        &self,
        model_name: String,
        body: Body<B>,
    ) -> Result<Prediction, ApiError> {
        let (model, prediction): (_, PredictRequest) =
            self.accept(model_name, |model| Ok((model, body.json()?)))?;
        let Running { mut request, slot, limit } = self.wait(&model).await?;
        request.set_input_tokens(prediction.tokens());
        let answer = limit.apply(model.predict(prediction, slot)).await;
        match &answer {
            Ok(_) => request.success(),
            Err(error) => request.end(error.outcome()),
        }
        answer
    }

    /// Answers `POST /generate/{model_name}`.
    ///
    /// # Errors
    ///
    /// An [`ApiError`] that says what is wrong with the request, or went wrong before the first
    /// event.
    pub async fn generate<B: AsRef<[u8]>>(
        &self,
        model_name: String,
        body: Body<B>,
    ) -> Result<Events, ApiError> {
        let (model, tokens, wanted) = self.accept(model_name, |model| {
            let wanted: GenerateRequest = body.json()?;
            let tokens = model.generate(&wanted.prompt)?;
            Ok((model, tokens, wanted))
        })?;
        let Running { mut request, slot, limit } = self.wait(&model).await?;
        request.set_input_tokens(wanted.tokens());
        Ok(Generation::new(model, tokens, &wanted, limit, slot).events(request))
    }

    /// Answers `POST /models/{model_name}/load`.
    ///
    /// # Errors
    ///
    /// An [`ApiError`] that says what is wrong with the request, or went wrong.
    pub async fn load<B: AsRef<[u8]>>(
        &self,
        model_name: String,
        body: Body<B>,
    ) -> Result<ModelStatus, ApiError> {
        let entry = self.entry(model_name)?;
        entry.load(&self.inference, body.json_or_default()?).await?;
        Ok(ModelStatus::of(entry))
    }

    /// Answers `POST /models/{model_name}/unload`.
    ///
    /// # Errors
    ///
    /// [`ApiError::UnknownModel`].
    pub async fn unload(&self, model_name: String) -> Result<ModelStatus, ApiError> {
        let entry = self.entry(model_name)?;
        entry.unload(&self.inference).await;
        Ok(ModelStatus::of(entry))
    }

    /// Answers `GET /models`.
    pub fn models(&self) -> ModelList {
        ModelList { models: self.models.values().map(ModelStatus::of).collect() }
    }

    fn entry(&self, model_name: String) -> Result<&Entry, ApiError> {
        self.models.get(&*model_name).ok_or(ApiError::UnknownModel { model_name })
    }

    /// Checks a request; one that is not accepted is counted as rejected: by its model, or as
    /// `unknown`.
    fn accept<T>(
        &self,
        model_name: String,
        check: impl FnOnce(Ready) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let metrics = self.inference.model(&model_name);
        let accepted = self.entry(model_name).and_then(Entry::ready).and_then(check);
        accepted.inspect_err(|_| metrics.reject())
    }

    /// Waits for a slot of the model, for as long as the request has time.
    async fn wait(&self, model: &Ready) -> Result<Running, ApiError> {
        let limit = TimeLimit::starting_now(self.timeout);
        let queued = model.metrics.enqueue();
        match limit.apply(self.queue.slot(&model.slots)).await {
            Ok(slot) => Ok(Running { request: queued.start(), slot, limit }),
            Err(error) => {
                queued.end(error.outcome());
                Err(error)
            }
        }
    }
}

/// One model of [`ModelList`].
#[derive(Debug, Serialize)]
pub struct ModelStatus {
    name: &'static str,
    state: &'static str,
    version: &'static str,
}

impl ModelStatus {
    fn of(entry: &Entry) -> Self {
        Self { name: entry.name(), state: entry.state(), version: entry.version() }
    }
}

/// The answer to `GET /models`.
#[derive(Debug, Serialize)]
pub struct ModelList {
    models: Vec<ModelStatus>,
}

/// The answer to `GET /health`.
#[derive(Debug, Serialize)]
pub struct Health {
    status: &'static str,
}

impl Health {
    /// The answer of a service that is up.
    pub const OK: Self = Self { status: "ok" };
}

#[cfg(test)]
mod tests;
