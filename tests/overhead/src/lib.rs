//! What metrics cost: the same apps with the metrics of this workspace, of its peers, and without.
#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be measured")]

mod actix_app;
mod axum_app;
#[cfg(feature = "peers")]
mod peers;
pub mod report;
pub mod rounds;
pub mod stats;
pub mod timing;
pub mod variant;
pub mod workload;
