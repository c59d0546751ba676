//! The body of an answer.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::text::Text;

/// The response body of a scrape: chunks that all scrapers of one rendering share.
///
/// It fails if it is read so slowly that [too much](crate::ExporterBuilder::with_max_unsent_bytes)
/// would have to be kept for its likes.
#[derive(Debug, Default)]
pub struct ScrapeBody {
    chunks: Chunks,
    remaining: usize,
}

#[derive(Debug, Default)]
enum Chunks {
    #[default]
    End,
    Message(&'static str),
    Text {
        text: Arc<Text>,
        next: usize,
    },
}

/// Why a body was cut off: it was read too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowReaderError;

impl ScrapeBody {
    pub(crate) fn text(text: Arc<Text>) -> Self {
        Self { remaining: text.length(), chunks: Chunks::Text { text, next: 0 } }
    }

    pub(crate) fn message(message: &'static str) -> Self {
        Self { remaining: message.len(), chunks: Chunks::Message(message) }
    }

    /// How many bytes are still to come.
    pub fn remaining(&self) -> u64 {
        self.remaining as u64
    }

    /// The next bytes, if there are any.
    ///
    /// # Errors
    ///
    /// [`SlowReaderError`] if they are kept no longer. Then the answer is to be cut off.
    pub fn next_chunk(&mut self) -> Result<Option<Bytes>, SlowReaderError> {
        if self.remaining == 0 {
            // The text may go before the body does.
            self.chunks = Chunks::End;
        }
        let chunk = match &mut self.chunks {
            Chunks::End => None,
            Chunks::Message(message) => Some(Bytes::from_static(message.as_bytes())),
            Chunks::Text { text, next } => {
                *next += 1;
                text.chunk(*next - 1).map_err(|_| SlowReaderError)?
            }
        };
        self.remaining -= chunk.as_ref().map_or(0, Bytes::len);
        Ok(chunk)
    }
}

impl Body for ScrapeBody {
    type Data = Bytes;
    type Error = SlowReaderError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SlowReaderError>>> {
        Poll::Ready(self.next_chunk().transpose().map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining())
    }
}

impl fmt::Display for SlowReaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the metrics were read too slowly")
    }
}

impl std::error::Error for SlowReaderError {}
