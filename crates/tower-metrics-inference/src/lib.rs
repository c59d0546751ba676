//! Metrics of an inference service: models, requests, tokens, queues, GPUs.
//!
//! # How a request is recorded
//!
//! 1. [`Inference`] declares every [`InferenceMetric`] and is the registry of models:
//!    [`load`](Inference::load) sets `model_loaded`, and from then on all of the model's series are
//!    there, at zero.
//! 2. [`Inference::model`] looks a name up, which may come from anybody: one that was never
//!    registered is `unknown`.
//! 3. [`Model::start`] counts a request in. The [`InferenceRequest`] owns it from here; a
//!    [`Queued`] one before that, if it has to wait.
//! 4. The request ends once: it is told how ([`InferenceRequest::end`]), or a future or a stream
//!    that it is wrapped around ends ([`Model::observe`], [`InferenceRequest::stream`]), or it is
//!    dropped. Then it is counted out, and recorded under its [`Status`]; [`request`] has the rules.
//! 5. Tokens are noted as they come, by the stream ([`TokenStream`]), by hand
//!    ([`InferenceRequest::record_tokens`]) or from an engine's own thread ([`TokenRecorder`]), if
//!    [`with_tokens`](InferenceBuilder::with_tokens) asks for their metrics.
//!
//! Around that:
//!
//! | module | what it does |
//! |---|---|
//! | `middleware` | 2 to 4 around an HTTP service, as a tower layer; feature `tower` |
//! | [`gpu`] | reads memory and use of GPUs when the metrics are rendered |
//! | [`timing`] | times anything else, and counts what is in flight |
//! | `batch` | counts the items of a job that runs and ends, and pushes; feature `batch` |
//!
//! # Features
//!
//! - `timeout`, on by default: `Model::observe_with_timeout`, with tokio's timer;
//! - `tower`: `middleware`, a layer that measures the HTTP requests whose path names a model;
//! - `nvml`: `gpu::Nvml`, NVIDIA GPUs through the driver's management library;
//! - `macros`: `#[timed]`, which times a function;
//! - `batch`: `batch`, jobs that run over many items and push what they have recorded.
//!
//! # Default
//!
//! ```
//! use tower_metrics_inference::Inference;
//! # async fn read_weights() -> Result<(), std::io::Error> { Ok(()) }
//! # async fn infer(input: &str) -> Result<usize, std::fmt::Error> { Ok(input.len()) }
//! # tokio_test::block_on(async {
//!
//! # let exporter = tower_metrics_prometheus::Exporter::builder().build()?;
//! let inference = Inference::builder().build()?;
//! # let inference = Inference::builder().with_recorder(exporter.recorder()).build()?;
//! inference.load("resnet50", read_weights()).await?;
//!
//! // Ok: success. Err: error. Dropped: cancelled.
//! let answer = inference.model("resnet50").observe(infer("a photo")).await?;
//! assert_eq!(answer, 7);
//! # let line = "inference_requests_total{model_name=\"resnet50\",status=\"success\"} 1\n";
//! # assert!(exporter.render().contains(line));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Customised
//!
//! A model that generates tokens, with a queue in front of it:
//!
//! ```
//! use std::time::Duration;
//!
//! use futures_util::{StreamExt as _, stream};
//! use tower_metrics_inference::{Buckets, Inference};
//! # tokio_test::block_on(async {
//!
//! let inference = Inference::builder()
//!     .with_duration_buckets(Buckets::long_generation())
//!     .with_tokens()
//!     .build()?;
//! let model = inference.register("llama")?;
//! model.set_max_concurrency(8);
//!
//! let queued = model.enqueue().with_time_limit(Duration::from_secs(60));
//! let mut request = queued.start();
//! request.set_input_tokens(3);
//! let tokens = request.stream(stream::iter(["to", " be"]));
//! assert_eq!(tokens.collect::<Vec<_>>().await, ["to", " be"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

// Says on docs.rs which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "batch")]
pub mod batch;
mod builder;
mod error;
pub mod gpu;
mod inference;
#[cfg(feature = "tower")]
pub mod middleware;
mod models;
mod names;
pub mod request;
pub mod timing;
mod tokens;
mod unwinding;

pub use tower_metrics_core::Buckets;
#[cfg(feature = "macros")]
pub use tower_metrics_macros::timed;
#[cfg(feature = "_facade-macros")]
#[doc(hidden)]
pub use tower_metrics_macros::timed_of_facade;

// One path each: what services name lies here, what adapters and signatures need in the modules.
#[cfg(feature = "batch")]
pub use self::batch::{
    builder::BatchJobBuilder, error::BatchJobError, job::BatchJob, status::ItemStatus,
};
pub use self::builder::InferenceBuilder;
pub use self::error::{InferenceError, LoadError};
pub use self::inference::Inference;
#[cfg(feature = "tower")]
pub use self::middleware::{layer::InferenceLayer, model_name::ModelName};
pub use self::models::{Load, LoadStatus, Loaded, Loading, Model, ModelState};
pub use self::names::InferenceMetric;
pub use self::request::future::RequestFuture;
pub use self::request::guard::InferenceRequest;
pub use self::request::outcome::{FinishReason, RequestOutcome, Status};
pub use self::request::queued::Queued;
#[cfg(feature = "timeout")]
pub use self::request::timeout::{TimeoutError, TimeoutFuture};
pub use self::tokens::{Chunk, ChunkFn, TokenRecorder, TokenStream};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
