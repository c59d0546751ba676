//! Every request is counted once, under the status that it has, whatever happens to it.
//!
//! Nothing but the public API is used: metrics that go into an exporter of their own, the text that
//! it renders, and a clock that stands still until a test moves it.
//!
//! | file | what it shows |
//! |---|---|
//! | `table` | each way in which a request can end, in the order of the rules |
//! | `cleanups` | what destructors do while a panic goes on |
//! | `queue` | requests that wait for their start |
//! | `futures` | requests around futures |
//! | `models` | loading and unloading, and who is counted under which name |
//! | `limits` | names and label values that are too many, too long or odd |
//! | `tokens` | what is recorded of a generation |
//! | `streams` | requests around streams, however they end |
//! | `engine` | tokens that come from elsewhere |
//! | `foreign` | recorders of others, which know no declarations and forget |
//! | `property` | all of it at random, against a model |
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod cleanups;
mod engine;
mod foreign;
mod futures;
mod limits;
mod measured;
mod models;
mod property;
mod queue;
mod streams;
mod table;
mod tokens;
