//! What the example services have in common, whatever framework they are made with.
//!
//! Two programs are one service: `inference-service` on axum and `inference-service-actix` on
//! actix-web. They accept the same options and answer the same requests with the same bytes,
//! because everything that decides about those is here; each program adds its framework's server,
//! router and handlers, and the two lines that measure its HTTP requests.
//!
//! `batch-inference` runs the same models over a file, without a service: [`OfflineModel`].
//!
//! The metrics of inference are measured here: [`ModelServer`] loads models, queues, predicts and
//! generates through [`tower_metrics::Inference`].
//!
//! | module | what is in it |
//! |---|---|
//! | `server` | what can be asked of the service, and how it is counted |
//! | `models` | the models, and which of them are loaded |
//! | `queue` | how many requests run at once, and how many wait |
//! | `time_limit` | how long a request may take, with all that it waits for |
//! | `generation` | tokens, as server-sent events |
//! | `gauges` | what is read when `/metrics` is |
//! | `request` | what a request must look like |
//! | `error` | what can go wrong with it, the JSON that says so, and how it is counted |
//! | `options` | the command line |
//! | `program` | start and stop: address, printed lines, signals, exit code |

mod error;
mod gauges;
mod generation;
mod models;
mod options;
mod program;
mod queue;
mod request;
mod server;
mod time_limit;

pub use error::ApiError;
pub use generation::{EVENT_STREAM, Events};
pub use models::{Failure, OfflineModel, Prediction};
pub use options::Options;
pub use program::{BindError, Program, announce, bind, stop_signal};
pub use request::{
    Body, GenerateRequest, LoadRequest, MAX_BODY_BYTES, PredictRequest, decode_model_name,
};
pub use server::{Health, ModelList, ModelServer, ModelStatus};
