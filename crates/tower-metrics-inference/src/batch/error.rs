//! Why a job could not begin.

use std::{error, fmt};

use tower_metrics_core::DeclareError;
use tower_metrics_prometheus::ExporterError;
use tower_metrics_push::PushGatewayError;

use crate::error::InferenceError;

/// Why a [`BatchJob`](super::BatchJob) could not begin.
#[derive(Debug)]
#[non_exhaustive]
pub enum BatchJobError {
    /// The model's name cannot be one, or a metric could not be declared.
    Inference(InferenceError),
    /// The job could not have an exporter of its own.
    Exporter(ExporterError),
    /// The gateway cannot be pushed to as it was described.
    Gateway(PushGatewayError),
}

impl fmt::Display for BatchJobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inference(error) => error.fmt(f),
            Self::Exporter(error) => error.fmt(f),
            Self::Gateway(error) => error.fmt(f),
        }
    }
}

impl error::Error for BatchJobError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        // Their text is the whole text above.
        match self {
            Self::Inference(error) => error.source(),
            Self::Exporter(error) => error.source(),
            Self::Gateway(error) => error.source(),
        }
    }
}

impl From<InferenceError> for BatchJobError {
    fn from(error: InferenceError) -> Self {
        Self::Inference(error)
    }
}

impl From<DeclareError> for BatchJobError {
    fn from(error: DeclareError) -> Self {
        Self::Inference(error.into())
    }
}

impl From<ExporterError> for BatchJobError {
    fn from(error: ExporterError) -> Self {
        Self::Exporter(error)
    }
}

impl From<PushGatewayError> for BatchJobError {
    fn from(error: PushGatewayError) -> Self {
        Self::Gateway(error)
    }
}
