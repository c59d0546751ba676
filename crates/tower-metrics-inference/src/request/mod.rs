//! One request: who owns it, how it ends, and how it is counted then.
//!
//! An [`InferenceRequest`] owns a request from its arrival to its end; while it waits, it is a
//! [`Queued`]. It ends once, and is counted under one [`Status`], by the first of these rules:
//!
//! | the request | status |
//! |---|---|
//! | is told how it ends | that |
//! | is dropped by a panic | `error`, of the type `panic` |
//! | is dropped after its [deadline](crate::InferenceRequest::with_deadline) | `timeout` |
//! | is dropped after its last token | `success` |
//! | is dropped | `cancelled` |
//!
//! A future that it is wrapped around tells it so: `Ok` is a success, `Err` an error. So does a
//! stream, by its end and by [what its items are](crate::Chunk). All but rejected requests have a
//! duration, from their arrival on: leaving out those that were cancelled would hide the slowest.
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_metrics_inference::{FinishReason, Inference, RequestOutcome};
//! # use tower_metrics_prometheus::Exporter;
//! # let exporter = Exporter::builder().build()?;
//! # let inference = Inference::builder().with_recorder(exporter.recorder()).build()?;
//!
//! let model = inference.register("llama")?;
//! model.start().end(RequestOutcome::Error("out_of_memory"));
//! drop(model.enqueue().with_time_limit(Duration::ZERO));
//! let mut request = model.start();
//! request.complete_output(FinishReason::Stop);
//! drop(request);
//! drop(model.start());
//!
//! let text = exporter.render();
//! for line in [
//!     r#"inference_requests_total{model_name="llama",status="error"} 1"#,
//!     r#"inference_errors_total{model_name="llama",error_type="out_of_memory"} 1"#,
//!     r#"inference_requests_total{model_name="llama",status="timeout"} 1"#,
//!     r#"inference_requests_total{model_name="llama",status="success"} 1"#,
//!     r#"inference_requests_total{model_name="llama",status="cancelled"} 1"#,
//! ] {
//!     assert!(text.lines().any(|rendered| rendered == line), "{line}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`InferenceRequest`]: crate::InferenceRequest
//! [`Queued`]: crate::Queued
//! [`Status`]: crate::Status

mod exchange;
pub(crate) mod future;
pub(crate) mod guard;
pub(crate) mod outcome;
pub(crate) mod queued;
#[cfg(feature = "timeout")]
pub(crate) mod timeout;

pub use self::exchange::Exchange;
pub(crate) use self::future::RequestFuture;
pub(crate) use self::guard::InferenceRequest;
pub use self::outcome::OutcomeFn;
pub(crate) use self::outcome::{FinishReason, RequestOutcome, Status};
pub(crate) use self::queued::Queued;
