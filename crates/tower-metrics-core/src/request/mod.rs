//! The engine: a request is owned by one guard, which records once, into cached handles.
//!
//! Nothing here names an HTTP type, so that frameworks on another `http` release share it:
//! [`Instruments::start`] makes a [`RequestGuard`] when a request arrives; the framework tells it
//! what happens; when it ends or is dropped, the metrics are recorded.

mod append_list;
pub(crate) mod builder;
mod clock;
mod endpoints;
pub(crate) mod error;
mod extra;
mod guard;
mod instruments;
mod outcome;
mod plan;
mod pool;
mod rules;
mod series;
mod settings;
mod source;
mod state;

pub(crate) use self::builder::Builder;
pub use self::builder::Measures;
pub use self::extra::ExtraLabels;
pub use self::guard::{BodyPolled, OnUnwind, RequestGuard, on_unwind};
pub use self::instruments::Instruments;
pub use self::outcome::AbortReason;
pub use self::rules::{Heads, Rules, unless_it_panics};
