//! Values that are read when somebody looks: scrape-time gauges, and counters that mirror a total
//! kept elsewhere.
//!
//! A closure is handed to a [`Backend`](crate::Backend), which calls it for each rendering and at
//! no other time. It ends when the [`Observation`] is dropped.
//!
//! # Default
//!
//! One value, as of a queue that knows its own length:
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use tower_metrics_core::MetricSpec;
//! use tower_metrics_core::backend::Global;
//! use tower_metrics_core::observe::BackendExt as _;
//!
//! let queue = Arc::new(Mutex::new(vec!["job"]));
//! let spec = MetricSpec::gauge("queue_length").with_help("Jobs that wait.");
//! let observation = Global::default().gauge_fn(spec, &[], move || queue.lock().unwrap().len())?;
//! # drop(observation);
//! # Ok::<(), tower_metrics_core::DeclareError>(())
//! ```
//!
//! # Customised
//!
//! Several series, or several metrics, from one snapshot:
//!
//! ```
//! use tower_metrics_core::backend::Global;
//! use tower_metrics_core::observe::ObserveFn;
//! use tower_metrics_core::{Backend as _, MetricSpec};
//!
//! # struct Gpu { id: &'static str, used: u64 }
//! # fn gpus() -> Vec<Gpu> { vec![Gpu { id: "0", used: 1 }] }
//! let specs = [MetricSpec::gauge("gpu_memory_used_bytes").with_labels(["gpu_id"])];
//! let observation = Global::default().observe(
//!     &specs,
//!     ObserveFn::new(|observer| {
//!         for gpu in gpus() {
//!             observer.gauge("gpu_memory_used_bytes", &[("gpu_id", gpu.id)], gpu.used);
//!         }
//!     }),
//! )?;
//! // Observed until the process ends.
//! observation.detach();
//! # Ok::<(), tower_metrics_core::DeclareError>(())
//! ```

mod closure;
mod ext;
pub(crate) mod observation;
pub(crate) mod observer;
mod pending;
mod value;

pub use self::closure::ObserveFn;
pub use self::ext::BackendExt;
pub(crate) use self::observation::Observation;
pub use self::observer::Sample;
pub(crate) use self::pending::Pending;
pub use self::value::Value;
