//! What an item of a stream of tokens is.

use crate::request::FinishReason;

/// What an item of a stream of tokens is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Chunk<'a> {
    /// This many tokens; none for an item that only keeps the connection alive.
    Tokens(usize),
    /// This many tokens, and the last ones: what comes after is not measured any more.
    Last {
        /// How many tokens.
        tokens: usize,
        /// Why there are no more.
        reason: FinishReason,
    },
    /// The time for the generation is over.
    TimedOut,
    /// The generation failed, in a way of this name. See
    /// [`RequestOutcome::Error`](crate::RequestOutcome::Error).
    Failed(&'a str),
}

/// Says what an item of a stream of tokens is.
pub type ChunkFn<T> = fn(&T) -> Chunk<'_>;
