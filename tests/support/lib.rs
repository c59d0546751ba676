//! What the tests stand on: real processes, real sockets, and a strict reader of what
//! they print.
//!
//! | module | what it does |
//! |---|---|
//! | [`binary`] | builds a program of this workspace, once per test process |
//! | [`process`] | runs a program, reads its lines, signals it, and never leaves it behind |
//! | [`http`] | sends one request over HTTP/1.1 or HTTP/2, to loopback only |
//! | [`exposition`] | reads `/metrics` text and rejects whatever a scraper might misread |
//! | [`prometheus`] | runs a real Prometheus and asks it |
//! | [`promtool`] | lints `/metrics` text and configurations as Prometheus' own tool does |
//! | [`pushgateway`] | runs a real Pushgateway and asks what it has |
//! | [`poll`] | waits for something to become true |
//! | [`scripted`] | services and bodies that do one scripted step at each poll |
//! | [`scripted_gateway`] | a Pushgateway that refuses, stalls or resets when it is told to |
//! | [`log`] | returns what is logged meanwhile |
//! | [`memory`] | says how much memory this process takes |
//!
//! Everything that can fail returns an [`Error`]; a test unwraps it.
//!
//! The published crates' own tests stand on it too, so it depends on none of them.

pub mod binary;
mod error;
pub mod exposition;
pub mod http;
pub mod log;
pub mod memory;
pub mod poll;
mod port;
pub mod process;
pub mod prometheus;
pub mod promtool;
pub mod pushgateway;
pub mod scripted;
pub mod scripted_gateway;

pub use error::Error;

// Here and not in the crate that it is about: a published crate has nothing outside of its folder.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
