//! The routes and what they answer.
//!
//! The router knows nothing of metrics: `main` adds them around it, in one line.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::time;

use crate::{
    error::ApiError,
    model::{Job, Prediction, Registry},
};

/// What every request shares.
#[derive(Clone, Debug)]
pub(crate) struct AppState {
    /// The models that can be asked.
    pub(crate) models: Arc<Registry>,
    /// How long an inference may take.
    pub(crate) timeout: Duration,
}

/// The body of `POST /predict/{model_name}`.
#[derive(Debug, Deserialize)]
struct PredictRequest {
    /// What the model looks at.
    input: String,
    /// How long the simulated inference takes, in milliseconds.
    #[serde(default)]
    delay_ms: u64,
    /// Makes the simulated inference fail.
    #[serde(default)]
    fail: bool,
}

/// The answer to `GET /health`.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
}

/// Builds the service without its metrics.
pub(crate) fn router(state: AppState) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/predict/{model_name}", post(predict))
        .fallback(|| async { ApiError::UnknownRoute })
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .with_state(state)
}

async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Runs one inference. A wrong model is reported before a wrong body.
async fn predict(
    State(state): State<AppState>,
    model_name: Result<Path<String>, PathRejection>,
    request: Result<Json<PredictRequest>, JsonRejection>,
) -> Result<Json<Prediction>, ApiError> {
    let Path(model_name) = model_name?;
    let Some(model) = state.models.get(&model_name) else {
        return Err(ApiError::UnknownModel { model_name });
    };
    let Json(PredictRequest { input, delay_ms, fail }) = request?;
    let job = Job { input, delay: Duration::from_millis(delay_ms), fail };

    let prediction = time::timeout(state.timeout, model.predict(&job))
        .await
        .map_err(|_| ApiError::Timeout { limit: state.timeout })??;
    Ok(Json(prediction))
}

#[cfg(test)]
mod tests;
