//! A load around a future.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::loading::{Loaded, Loading};
use crate::error::LoadError;
use crate::inference::Inference;

pin_project! {
    /// A future that is measured as the loading of a model; see [`Inference::load`].
    ///
    /// # Cancellation
    ///
    /// Dropped before it is ready, the load counts as cancelled; if it was never polled, it has not
    /// begun.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Load<F> {
        inference: Inference,
        name: String,
        #[pin]
        future: F,
        loading: Option<Loading>,
    }
}

impl<F> Load<F> {
    pub(crate) fn new(inference: Inference, name: &str, future: F) -> Self {
        Self { inference, name: name.to_owned(), future, loading: None }
    }
}

impl<F, T, E> Future for Load<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<Loaded<T>, LoadError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Taken out while the future runs: a panic drops it, and so ends the load.
        let loading = match this.loading.take() {
            Some(loading) => loading,
            None => this.inference.loading(this.name).map_err(LoadError::Register)?,
        };
        match this.future.poll(cx) {
            Poll::Pending => {
                *this.loading = Some(loading);
                Poll::Pending
            }
            Poll::Ready(Ok(value)) => Poll::Ready(Ok(Loaded::new(loading.loaded(), value))),
            Poll::Ready(Err(error)) => {
                loading.failed();
                Poll::Ready(Err(LoadError::Load(error)))
            }
        }
    }
}
