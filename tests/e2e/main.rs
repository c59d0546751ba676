//! The end-to-end tests: programs as a user starts them, asked over real sockets.
//!
//! Those behind the feature `external-servers` also start servers that are no part of this
//! workspace; `cargo xtask test` installs them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod batch_inference;
#[cfg(feature = "external-servers")]
mod batch_pushes;
mod doctor;
mod inference_layer;
mod inference_metrics;
mod inference_service;
mod label_values;
mod lifecycle;
mod parity;
#[cfg(feature = "external-servers")]
mod prometheus;
#[cfg(feature = "external-servers")]
mod promql;
#[cfg(feature = "external-servers")]
mod pushgateway;
mod service;
mod shutdown;
mod sockets;
mod startup;
mod stress;
