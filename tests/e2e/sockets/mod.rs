//! Every request is counted once, whatever happens to it: real servers, clients and sockets.
//!
//! The scripted tests of the crates show what the middleware makes of each order of polls; these
//! show that it is right for the orders in which the servers that people use do poll.

mod client;
mod complete;
mod counts;
mod disconnects;
mod gate;
mod grpc;
mod panics;
mod server;
mod shutdown;
mod sse;
mod timeouts;
mod upgrades;

pub(crate) use self::client::{Client, Protocol};
pub(crate) use self::counts::{Counts, assert_counts, at_rest, counted, scrape};
pub(crate) use self::gate::{Gate, scripted};
pub(crate) use self::server::{Server, layer, private_exporter};
