//! The output of a generation, token by token.

mod chunk;
mod output;
mod recorder;
mod stream;

pub use self::chunk::{Chunk, ChunkFn};
pub(crate) use self::output::{Output, OutputSlot};
pub use self::recorder::TokenRecorder;
pub use self::stream::TokenStream;
