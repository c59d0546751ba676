//! Measures resources whose path names a model, as requests of that model.

mod body;
mod future;
mod metrics;
mod service;
mod settings;

pub use self::body::InferenceBody;
pub use self::future::InferenceFuture;
pub use self::metrics::InferenceMetrics;
pub use self::service::InferenceService;
