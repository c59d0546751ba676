//! What the example services have in common, whatever framework they are made with.
//!
//! Two programs are one service: `inference-service` on axum and `inference-service-actix` on
//! actix-web. They accept the same options and answer the same requests with the same bytes,
//! because everything that decides about those is here; each program adds its framework's server,
//! router and handlers, and the two lines that measure them.
//!
//! | module | what is in it |
//! |---|---|
//! | `model` | the registry and the two simulated models |
//! | `predictor` | one prediction, with its time limit |
//! | `request` | what a request must look like |
//! | `error` | what can go wrong with it, and the JSON that says so |
//! | `options` | the command line |
//! | `program` | start and stop: address, printed lines, signals, exit code |

mod error;
mod model;
mod options;
mod predictor;
mod program;
mod request;

pub use error::ApiError;
pub use model::{InferenceError, Prediction};
pub use options::Options;
pub use predictor::{Health, Predictor};
pub use program::{BindError, Program, announce, bind, stop_signal};
pub use request::{MAX_BODY_BYTES, PredictRequest, decode_model_name};
