//! Metrics on a port of their own.
//!
//! For services that keep `/metrics` off their public router, and for programs that serve nothing
//! else. The listener has its own thread and needs no runtime of the user's.
//!
//! # Default
//!
//! ```
//! use tower_metrics_prometheus::Exporter;
//!
//! let exporter = Exporter::builder().build()?;
//! // `curl http://127.0.0.1:<port>/metrics`; port 0 takes any that is free.
//! let listener = exporter.listen(0)?;
//! assert!(listener.address().ip().is_loopback());
//!
//! // Answers that are under way are finished first.
//! listener.shutdown();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Customised
//!
//! ```
//! use std::time::Duration;
//! use tower_metrics_prometheus::Exporter;
//! use tower_metrics_prometheus::listener::ListenAddress;
//!
//! let exporter = Exporter::builder().with_bearer_token("secret").build()?;
//! let address: ListenAddress = "0.0.0.0:0".parse()?;
//! let listener = exporter
//!     .listener()
//!     .with_metrics_path("/internal/metrics")
//!     .with_health_path("/healthz")
//!     .with_timeout(Duration::from_secs(10))
//!     .listen(address)?;
//! # drop(listener);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod backoff;
mod builder;
mod error;
mod handle;
mod routes;
mod server;

pub use self::address::{ListenAddress, ListenAddressError};
pub use self::builder::ListenerBuilder;
pub use self::error::ListenError;
pub use self::handle::Listener;
