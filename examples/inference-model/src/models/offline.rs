//! A model without a service around it.

use std::sync::Arc;

use super::{Engine, KNOWN, Prediction, entry};
use crate::{error::ApiError, request::PredictRequest};

/// A loaded model without a service around it: no queue, and no metrics but those of its caller.
#[derive(Debug)]
pub struct OfflineModel {
    name: &'static str,
    engine: Arc<dyn Engine>,
}

impl OfflineModel {
    /// Returns the names of all models.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|known| known.name)
    }

    /// Loads the model of this name.
    ///
    /// # Errors
    ///
    /// [`ApiError::UnknownModel`] or [`ApiError::Load`].
    pub async fn load(name: &str) -> Result<Self, ApiError> {
        let known = KNOWN.iter().find(|known| known.name == name);
        let known = known.ok_or_else(|| ApiError::UnknownModel { model_name: name.to_owned() })?;
        let failed = |source| ApiError::Load { model_name: known.name, source };
        let engine = entry::blocking(known.load).await.map_err(failed)?;
        Ok(Self { name: known.name, engine })
    }

    /// Runs one inference.
    ///
    /// # Errors
    ///
    /// [`ApiError::Inference`].
    ///
    /// # Cancellation
    ///
    /// Dropped while the model computes, it lets the model go on.
    pub async fn predict(&self, request: PredictRequest) -> Result<Prediction, ApiError> {
        entry::predict(self.name, &self.engine, request, ()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str) -> PredictRequest {
        serde_json::from_str(json).unwrap()
    }

    /// The answer is the one that the service gives.
    #[tokio::test(start_paused = true)]
    async fn a_model_predicts_without_a_service() {
        let model = OfflineModel::load("resnet50").await.unwrap();
        let prediction = model.predict(request(r#"{"input": "a photo of a cat"}"#)).await.unwrap();
        let json = serde_json::to_value(&prediction).unwrap();
        assert_eq!(json["output"]["label"], "tabby cat");
        let failed = model.predict(request(r#"{"input": "a cat", "fail": true}"#)).await;
        assert!(matches!(failed, Err(ApiError::Inference { model_name: "resnet50", .. })));
    }

    /// Every name that there is, and no other.
    #[tokio::test]
    async fn a_model_is_loaded_by_its_name() {
        for name in OfflineModel::names() {
            OfflineModel::load(name).await.unwrap();
        }
        assert!(matches!(OfflineModel::load("x").await, Err(ApiError::UnknownModel { .. })));
    }
}
