//! Panics that belong to a test.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

struct Expected;

/// Panics without the panic hook, which would print a message nobody needs.
pub(crate) fn expected_panic() -> ! {
    resume_unwind(Box::new(Expected))
}

/// Runs `f`, and returns `None` if an expected panic ended it. Others go on.
pub(crate) fn catch_expected<T>(f: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => Some(value),
        Err(payload) if payload.is::<Expected>() => None,
        Err(payload) => resume_unwind(payload),
    }
}
