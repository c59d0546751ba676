//! A request around a stream of tokens.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;
use tower_metrics_core::request::{on_unwind, unless_it_panics};

use super::chunk::Chunk;
use crate::request::{FinishReason, InferenceRequest, Outcome, Status};

pin_project! {
    /// A stream of tokens that is measured as a request; see
    /// [`InferenceRequest::stream`].
    ///
    /// The request ends with the stream, or with its last item: an item that says so
    /// ([`Chunk::Last`]), or one after which the stream's [`size_hint`](Stream::size_hint) is zero.
    ///
    /// # Cancellation
    ///
    /// Dropped before, the request ends as a dropped [`InferenceRequest`] does, with the tokens
    /// that it has sent.
    #[must_use = "streams do nothing unless polled"]
    #[derive(Debug)]
    pub struct TokenStream<S, C> {
        request: Option<InferenceRequest>,
        chunk: C,
        #[pin]
        stream: S,
    }
}

impl<S, C> TokenStream<S, C> {
    pub(crate) fn new(mut request: InferenceRequest, stream: S, chunk: C) -> Self {
        request.expect_tokens();
        Self { request: Some(request), chunk, stream }
    }
}

impl<S, C> Stream for TokenStream<S, C>
where
    S: Stream,
    C: FnMut(&S::Item) -> Chunk<'_>,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        // Whoever catches the panic further out may drop this when it is long over.
        let polled = on_unwind(
            || this.stream.as_mut().poll_next(cx),
            || {
                if let Some(request) = this.request.take() {
                    request.error(Status::PANIC);
                }
            },
        );
        let item = ready!(polled);
        let Some(request) = this.request.as_mut() else { return Poll::Ready(item) };
        match &item {
            None => request.finish(Outcome::Success),
            Some(item) => {
                let chunk = unless_it_panics(|| (this.chunk)(item));
                match chunk.unwrap_or(Chunk::Tokens(1)) {
                    Chunk::Tokens(tokens) => request.record_tokens(tokens),
                    Chunk::Last { tokens, reason } => {
                        request.record_tokens(tokens);
                        request.complete_output(reason);
                        request.finish(Outcome::Success);
                    }
                    Chunk::Failed(error_type) => request.finish(Outcome::Error(error_type)),
                }
                if unless_it_panics(|| this.stream.size_hint()) == Some((0, Some(0))) {
                    request.complete_output(FinishReason::Stop);
                    request.finish(Outcome::Success);
                }
            }
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
