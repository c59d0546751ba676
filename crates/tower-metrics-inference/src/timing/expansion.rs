//! What `#[timed]` expands to. No part of the public interface: nothing else may use it.

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};

use metrics::NoopRecorder;
use tower_metrics_core::Buckets;
use tower_metrics_core::backend::Describing;

use super::builder::Builder;
use super::future::{Guarded, TimedResult};
use super::outcome::{HasOutcome, OutcomeTimer};

pub use std::sync::LazyLock;

/// Makes a handle, however the arguments of the attribute behave.
pub fn build<T: Clone>(bare: Builder<T>, configure: fn(Builder<T>) -> Builder<T>) -> T {
    let configured = panic::catch_unwind(AssertUnwindSafe(|| configure(bare.clone())));
    let builder = configured.unwrap_or_else(|_| {
        tracing::warn!(metric = bare.name(), "an argument of `#[timed]` panicked; not recorded");
        bare.with_recorder(Describing::new(NoopRecorder))
    });
    builder.build_or_warn()
}

/// Sets the buckets to edges that were checked when the attribute was expanded.
pub fn with_edges<T>(builder: Builder<T>, edges: &[f64]) -> Builder<T> {
    match Buckets::new(edges.iter().copied()) {
        Ok(buckets) => builder.set_buckets(buckets),
        Err(_) => builder,
    }
}

/// Times the body of a function by its outcome.
pub fn call<R: HasOutcome>(timer: OutcomeTimer, body: impl FnOnce() -> R) -> R {
    timer.time(body)
}

/// Times a future.
pub fn guarded<F: Future, G>(guard: G, future: F) -> Guarded<F, G> {
    Guarded::new(future, guard)
}

/// Times a future by its outcome.
pub fn result<F: Future<Output: HasOutcome>>(timer: OutcomeTimer, future: F) -> TimedResult<F> {
    TimedResult::new(future, timer)
}

/// Says of what type an async block is that returns it; it never does.
pub fn returned<T>() -> Option<T> {
    None
}
