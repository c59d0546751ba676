//! The promises of the middleware on a real server: several workers, connections that end, other
//! protocols than HTTP/1.1.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod client;
mod connections;
mod disconnects;
#[cfg(feature = "inference")]
mod inference;
mod protocols;
#[cfg(feature = "inference")]
#[path = "../support/inference.rs"]
mod registry;
mod routes;
mod scene;
#[path = "../support/mod.rs"]
mod support;
mod workers;
