//! The tower middleware: measures HTTP requests whose path names a model.
//!
//! # Default
//!
//! A handler needs no code of its own:
//!
//! ```
//! use http::{Request, Response};
//! use http_body_util::{BodyExt as _, Full};
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//! use tower_metrics_inference::{Inference, InferenceLayer, ModelName};
//! # use tower_metrics_prometheus::Exporter;
//! # type Body = Full<&'static [u8]>;
//! # let predict = async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(Body::from(&b"a cat"[..])));
//! # tokio_test::block_on(async {
//! # let exporter = Exporter::builder().build()?;
//! # let inference = Inference::builder().with_recorder(exporter.recorder()).build()?;
//! # inference.register("resnet50")?;
//!
//! let names = ModelName::templates(["/predict/{model_name}"])?;
//! let service = ServiceBuilder::new()
//!     .layer(InferenceLayer::new(&inference, names))
//!     .service_fn(predict);
//!
//! let answer = service.oneshot(Request::post("/predict/resnet50").body(())?).await?;
//! answer.into_body().collect().await?;
//! # let line = r#"inference_requests_total{model_name="resnet50",status="success"} 1"#;
//! # assert!(exporter.render().contains(line));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Customised
//!
//! ```
//! use std::borrow::Cow;
//! use std::time::Duration;
//!
//! use tower_metrics_inference::{Inference, InferenceLayer, ModelName, RequestOutcome};
//!
//! /// For the extensions of a response.
//! #[derive(Clone)]
//! struct OutOfMemory;
//!
//! let inference = Inference::builder().with_tokens().build()?;
//! let name = ModelName::from_fn(|head| {
//!     head.headers.get("x-model")?.to_str().ok().map(Cow::Borrowed)
//! });
//! let layer = InferenceLayer::new(&inference, name)
//!     .with_time_limit(Duration::from_secs(30))
//!     .with_token_recorder()
//!     .with_outcome(|head| match head.extensions.get::<OutOfMemory>() {
//!         Some(_) => RequestOutcome::Error("out_of_memory"),
//!         None => RequestOutcome::of_status_code(head.status.as_str()),
//!     });
//! # Ok::<(), tower_metrics_inference::InferenceError>(())
//! ```
//!
//! # When a request ends
//!
//! A successful one ends with the last byte of its response's body; a response without a body —
//! the answer to a `HEAD`, 1xx, 204, 304, an empty body, an upgrade — ends with its head. So does
//! any that is no success, by its status code
//! ([`RequestOutcome::of_status_code`](crate::RequestOutcome::of_status_code)). Without a response,
//! an `Err` of the service is an error of the type `service_error`; a body that fails one of the
//! type `body_error`; a panic of either one of the type `panic`. Dropped before its end, the
//! request ends as a dropped [`InferenceRequest`](crate::InferenceRequest) does: cancelled, if there
//! is no time limit.
//!
//! A request that names no model passes, and is not measured. One that names a model which is not
//! registered is counted under `unknown`.

mod body;
mod future;
pub(crate) mod layer;
pub(crate) mod model_name;
mod service;
mod shared;

pub use self::body::InferenceBody;
pub use self::future::InferenceFuture;
pub use self::service::InferenceService;
