//! Panics that belong to a script.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What a scripted panic carries.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ScriptedPanic;

/// Panics without the panic hook, which would print a message nobody needs.
pub fn scripted_panic() -> ! {
    resume_unwind(Box::new(ScriptedPanic))
}

/// Runs `f`, and returns `None` if a scripted panic ended it. Other panics go on.
pub fn catch_scripted_panic<T>(f: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => Some(value),
        Err(payload) if payload.is::<ScriptedPanic>() => None,
        Err(payload) => resume_unwind(payload),
    }
}
