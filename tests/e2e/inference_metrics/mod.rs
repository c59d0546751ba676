//! What the example service says about its models, their requests and their tokens.
//!
//! | file | what it shows |
//! |---|---|
//! | `requests` | predictions, each counted by how it ends |
//! | `generations` | what is counted of tokens |
//! | `models` | loading and unloading, and series that are there before the first request |

#![expect(clippy::indexing_slicing, reason = "a series that is missing fails its test")]

mod generations;
mod measured;
mod models;
mod requests;
