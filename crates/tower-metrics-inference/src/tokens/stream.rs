//! A request around a stream of tokens.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;
use tower_metrics_core::request::{on_unwind, unless_it_panics};

use super::chunk::Chunk;
use crate::request::{FinishReason, InferenceRequest, RequestOutcome, Status};

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
            None => request.finish(RequestOutcome::Success),
            Some(item) => {
                let chunk = unless_it_panics(|| (this.chunk)(item));
                match chunk.unwrap_or(Chunk::Tokens(1)) {
                    Chunk::Tokens(tokens) => request.record_tokens(tokens),
                    Chunk::Last { tokens, reason } => {
                        request.record_tokens(tokens);
                        request.complete_output(reason);
                        request.finish(RequestOutcome::Success);
                    }
                    Chunk::TimedOut => request.finish(RequestOutcome::Timeout),
                    Chunk::Failed(error_type) => request.finish(RequestOutcome::Error(error_type)),
                }
                if unless_it_panics(|| this.stream.size_hint()) == Some((0, Some(0))) {
                    request.complete_output(FinishReason::Stop);
                    request.finish(RequestOutcome::Success);
                }
            }
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};
    use tower_metrics_prometheus::Exporter;

    use super::*;
    use crate::Inference;

    /// A stream that watches the time itself says so, and what it sent before is kept.
    #[tokio::test]
    async fn a_stream_can_say_that_its_time_is_over() {
        let exporter = Exporter::builder().build().unwrap();
        let inference =
            Inference::builder().with_recorder(exporter.recorder()).with_tokens().build().unwrap();
        let request = inference.register("llama").unwrap().start();
        let items = stream::iter([Chunk::Tokens(2), Chunk::TimedOut]);
        request.stream_as(items, |item| *item).collect::<Vec<_>>().await;

        let text = exporter.render();
        for line in [
            "inference_requests_total{model_name=\"llama\",status=\"timeout\"} 1\n",
            "inference_finish_total{model_name=\"llama\",finish_reason=\"timeout\"} 1\n",
            "inference_output_tokens_total{model_name=\"llama\"} 2\n",
            "inference_in_flight_requests{model_name=\"llama\"} 0\n",
        ] {
            assert!(text.contains(line), "no {line}in {text}");
        }
    }
}
