//! A real Pushgateway, for as long as a test needs it.
//!
//! ```no_run
//! # async fn example() -> Result<(), tower_metrics_tests::Error> {
//! use tower_metrics_tests::pushgateway::Pushgateway;
//!
//! let gateway = Pushgateway::start().await?;
//! let groups = gateway.groups().await?;
//! assert!(groups.is_empty());
//! # Ok(())
//! # }
//! ```

mod answer;
mod server;

pub use answer::Group;
pub use server::Pushgateway;
