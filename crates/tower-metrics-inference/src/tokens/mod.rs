//! The output of a generation, token by token.
//!
//! An [`Output`] notes when tokens come. It lies in the request that it belongs to, or, where an
//! engine on another thread makes them, is shared with its [`TokenRecorder`] ([`OutputSlot`]). What
//! is known at a token is recorded at once: the time to the first one, that between two of them,
//! and how many there are. The rest waits for the end of the request: the length of the output, the
//! mean time per token, and why there are no more.
//!
//! A [`TokenStream`] is a request around a stream, and learns from a [`ChunkFn`] what its items are.

mod chunk;
mod output;
mod recorder;
mod stream;

pub use self::chunk::{Chunk, ChunkFn};
pub(crate) use self::output::{Output, OutputSlot};
pub use self::recorder::TokenRecorder;
pub use self::stream::TokenStream;
