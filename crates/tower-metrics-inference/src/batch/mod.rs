//! Batch jobs: runs over many items that end, and push what they have recorded.
//!
//! A [`BatchJob`] counts and times the items that it is handed, in an exporter of its own, so that
//! nothing else of the process is pushed. How it ends decides what the Pushgateway then has:
//!
//! | the job | is pushed with | last success |
//! |---|---|---|
//! | [finished](BatchJob::finish) | `PUT`, which replaces what the gateway has of the job | now |
//! | [failed](BatchJob::fail), was dropped, or panicked | `POST`, which replaces what was recorded | as it was |
//!
//! So `time() - batch_inference_last_success_timestamp_seconds` is the time since a run succeeded,
//! however many have failed since. Other programs must not push to the same group: a success would
//! remove what is theirs. Jobs that run at once need names of their own, or a
//! [grouping key](PushGateway::with_grouping).
//!
//! A process that ends without unwinding pushes nothing: by [`std::process::exit`], by `panic =
//! "abort"`, or by a signal that nobody handles.
//!
//! # Default
//!
//! ```
//! use tower_metrics_inference::BatchJob;
//! # fn infer(input: &str) -> Result<u8, std::num::ParseIntError> { input.parse() }
//!
//! let job = BatchJob::new("resnet50")?;
//! for input in ["1", "two", "3"] {
//!     // Ok: success. Err: error. A panic: error.
//!     let _ = job.item(|| infer(input));
//! }
//! let exporter = job.exporter().clone();
//! job.finish_blocking()?; // Nowhere to push to, so far.
//!
//! let text = exporter.render();
//! for line in [
//!     r#"batch_inference_processed_total{model_name="resnet50",status="success"} 2"#,
//!     r#"batch_inference_processed_total{model_name="resnet50",status="error"} 1"#,
//!     r#"batch_inference_processed_total{model_name="resnet50",status="cancelled"} 0"#,
//!     r#"batch_inference_item_duration_seconds_count{model_name="resnet50"} 3"#,
//! ] {
//!     assert!(text.lines().any(|rendered| rendered == line), "{line}");
//! }
//! assert!(text.contains("\nbatch_inference_last_success_timestamp_seconds{"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Customised
//!
//! Pushed as the job `batch_inference_llama`, in async code:
//!
//! ```no_run
//! use tower_metrics_inference::{BatchJob, Buckets};
//! use tower_metrics_push::PushGateway;
//! # async fn infer(input: &str) -> Result<usize, std::fmt::Error> { Ok(input.len()) }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let gateway = PushGateway::new("http://127.0.0.1:9091")?.with_grouping("shard", "3");
//! let job = BatchJob::builder("llama")
//!     .with_gateway(gateway)
//!     .with_item_buckets(Buckets::large_model())
//!     .build()?;
//! for input in ["to be", "or not to be"] {
//!     let _ = job.item_async(infer(input)).await;
//! }
//! job.finish().await?;
//! # Ok(()) }
//! ```

pub(crate) mod builder;
mod ending;
pub(crate) mod error;
mod item;
pub(crate) mod job;
mod series;
pub(crate) mod status;

#[cfg(doc)]
use {self::job::BatchJob, tower_metrics_push::PushGateway};

pub use self::ending::Ending;
pub use self::item::BatchItem;
