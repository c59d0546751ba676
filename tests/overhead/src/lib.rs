//! What metrics cost: the same apps with the metrics of this workspace, of its peers, and without.
//!
//! ```sh
//! cargo xtask bench            # everything, as tables, in less than five minutes
//! cargo xtask bench axum       # what has `axum` in its name
//! cargo xtask bench --json     # a line of JSON for each result
//! ```
//!
//! # What is compared
//!
//! Every [variant](variant::Variant) of an app answers the same [load](workload): 20 routes with
//! parameters and nesting, four methods, ten statuses, each body read to its end. Beside the bare
//! app and the libraries there are a layer that does nothing and, for axum, one that wraps the body
//! and records nothing: no layer that sees where a response ends can cost less.
//!
//! # How to read it
//!
//! Only ratios travel between machines: to the framework's most used peer
//! ([`Framework::reference`](variant::Framework::reference)), measured in the same run and, for
//! times, in the same short round. Times are the processor's, so that other programs disturb them little; but
//! two threads meet in a series only if both run, which the line *ran* tells: on a machine that has
//! other things to do it is much less than 1. What a library does in the background is left out of its times.
//! The targets are shown next to what was measured, and nothing fails; what never varies is tested
//! by this package's tests instead.
//!
//! axum's router comes in two scenes. As it is, and as tests call it, it makes the route of a
//! handler anew for each request, with every layer, and boxes there what is not of size zero; the
//! layers that measure nothing therefore hold a pointer, as any layer with state does. `axum::serve`
//! makes the routes once for each connection: the scenes called *served*.
//!
//! # Features
//!
//! - `peers`: the libraries to compare with. Without it only the variants of this workspace are
//!   there, and no ratios.
#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be measured")]

mod actix_app;
mod axum_app;
#[cfg(feature = "peers")]
mod peers;
pub mod report;
pub mod rounds;
pub mod stats;
pub mod stores;
pub mod timing;
pub mod variant;
pub mod workload;
