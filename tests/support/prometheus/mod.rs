//! A real Prometheus, for as long as a test needs it.
//!
//! ```no_run
//! # async fn example() -> Result<(), tower_metrics_tests::Error> {
//! use tower_metrics_tests::prometheus::{Prometheus, ScrapeJob};
//!
//! let jobs = [ScrapeJob::new("inference", "127.0.0.1:8000")];
//! let prometheus = Prometheus::start(&jobs).await?;
//! let up = prometheus.query(r#"up{job="inference"}"#).await?;
//! # Ok(())
//! # }
//! ```

mod answer;
mod config;
mod server;

pub use answer::{Sample, Target};
pub use config::ScrapeJob;
pub use server::Prometheus;
