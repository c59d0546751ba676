//! Two layers that measure nothing, for what any layer costs.
//!
//! Both hold a pointer, as every layer with state does: a `Router` that was not served yet applies
//! its layers anew for each request, and boxes there what is larger than nothing.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Shared by all services of a layer, without counting references.
type State = &'static str;

/// Calls the inner service.
#[derive(Clone, Copy, Debug)]
pub(super) struct NothingLayer(pub(super) State);

#[derive(Clone, Debug)]
pub(super) struct NothingService<S> {
    inner: S,
    state: State,
}

impl<S> Layer<S> for NothingLayer {
    type Service = NothingService<S>;

    fn layer(&self, inner: S) -> NothingService<S> {
        NothingService { inner, state: self.0 }
    }
}

impl<S: Service<R>, R> Service<R> for NothingService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        std::hint::black_box(self.state);
        self.inner.call(request)
    }
}

/// Wraps the future and the body, to see where the response ends, and records nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct WrapLayer(pub(super) State);

#[derive(Clone, Debug)]
pub(super) struct WrapService<S> {
    inner: S,
    state: State,
}

pin_project! {
    #[derive(Debug)]
    pub(super) struct WrapFuture<F> {
        #[pin]
        inner: F,
        state: State,
    }
}

pin_project! {
    #[derive(Debug)]
    pub(super) struct WrapBody<B> {
        #[pin]
        inner: B,
        state: State,
    }
}

impl<S> Layer<S> for WrapLayer {
    type Service = WrapService<S>;

    fn layer(&self, inner: S) -> WrapService<S> {
        WrapService { inner, state: self.0 }
    }
}

impl<S, R, B> Service<R> for WrapService<S>
where
    S: Service<R, Response = Response<B>>,
{
    type Response = Response<WrapBody<B>>;
    type Error = S::Error;
    type Future = WrapFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        WrapFuture { inner: self.inner.call(request), state: self.state }
    }
}

impl<F, B, E> Future for WrapFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<WrapBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let state = *this.state;
        let response = ready!(this.inner.poll(cx))?;
        Poll::Ready(Ok(response.map(|inner| WrapBody { inner, state })))
    }
}

impl<B: Body> Body for WrapBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        std::hint::black_box(*this.state);
        this.inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
