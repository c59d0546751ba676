//! One prediction, with its time limit.

use std::time::Duration;

use serde::Serialize;
use tokio::time;

use crate::{
    error::ApiError,
    model::{Prediction, Registry},
    request::PredictRequest,
};

/// Answers predictions: the loaded models, and how long one may take.
#[derive(Debug)]
pub struct Predictor {
    models: Registry,
    timeout: Duration,
}

impl Predictor {
    /// Loads every model.
    pub async fn load(timeout: Duration) -> Self {
        Self { models: Registry::load_all().await, timeout }
    }

    /// Runs one inference. A wrong model is reported before a wrong body.
    ///
    /// # Errors
    ///
    /// [`ApiError::UnknownModel`], that of `request`, [`ApiError::Timeout`] or
    /// [`ApiError::Inference`].
    pub async fn predict(
        &self,
        model_name: String,
        request: Result<PredictRequest, ApiError>,
    ) -> Result<Prediction, ApiError> {
        let Some(model) = self.models.get(&model_name) else {
            return Err(ApiError::UnknownModel { model_name });
        };
        let job = request?.into_job();
        let prediction = time::timeout(self.timeout, model.predict(&job))
            .await
            .map_err(|_| ApiError::Timeout { limit: self.timeout })??;
        Ok(prediction)
    }
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
mod tests {
    use super::*;

    /// Asks a predictor with a time limit of one second.
    async fn predict(model_name: &str, body: &str) -> Result<Prediction, (u16, String)> {
        let predictor = Predictor::load(Duration::from_secs(1)).await;
        let request = PredictRequest::parse(Some(b"application/json"), body.as_bytes());
        let answer = predictor.predict(model_name.to_owned(), request).await;
        answer.map_err(|error| (error.status(), error.to_string()))
    }

    /// The bytes of an answer: the same three keys for each model, in this order.
    #[tokio::test(start_paused = true)]
    async fn prediction_has_model_output_and_tokens() {
        for (model, json) in [
            (
                "resnet50",
                r#"{"model":"resnet50","output":{"label":"tabby cat","confidence":0.6137254901960785},"tokens":5}"#,
            ),
            (
                "bert-base",
                r#"{"model":"bert-base","output":{"dimensions":8,"norm":4.066044538038577},"tokens":5}"#,
            ),
        ] {
            let answer = predict(model, r#"{"input": "a photo of a cat"}"#).await.unwrap();
            assert_eq!(serde_json::to_string(&answer).unwrap(), json);
        }
    }

    /// A model that is not loaded is 404, whatever the body.
    #[tokio::test(start_paused = true)]
    async fn unknown_model_is_404() {
        let error = (404, "model \"alexnet\" is not loaded".to_owned());
        for body in [r#"{"input": "a cat"}"#, "{"] {
            assert_eq!(predict("alexnet", body).await.unwrap_err(), error);
        }
        assert_eq!(predict("resnet50", "{").await.unwrap_err().0, 400);
    }

    /// An inference that takes longer than the limit is 504; one that takes less is not.
    #[tokio::test(start_paused = true)]
    async fn slow_inference_is_504() {
        predict("resnet50", r#"{"input": "a cat", "delay_ms": 999}"#).await.unwrap();
        let slow = predict("resnet50", r#"{"input": "a cat", "delay_ms": 1001}"#).await;
        let error = (504, "inference took longer than 1000 ms".to_owned());
        assert_eq!(slow.unwrap_err(), error);
    }

    /// A failed inference is 500.
    #[tokio::test(start_paused = true)]
    async fn failed_inference_is_500() {
        let failed = predict("resnet50", r#"{"input": "a cat", "fail": true}"#).await;
        assert_eq!(failed.unwrap_err(), (500, "inference with resnet50 failed".to_owned()));
    }

    /// The health check has nothing else to say.
    #[test]
    fn health_is_ok() {
        assert_eq!(serde_json::to_string(&Health::OK).unwrap(), r#"{"status":"ok"}"#);
    }
}
