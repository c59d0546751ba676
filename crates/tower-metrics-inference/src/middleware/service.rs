//! The service: a request arrives.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::InferenceBody;
use super::future::InferenceFuture;
use super::shared::Shared;
use crate::request::Exchange;

/// The service of [`InferenceLayer`](crate::InferenceLayer).
#[derive(Clone, Debug)]
pub struct InferenceService<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> InferenceService<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for InferenceService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<InferenceBody<ResBody>>;
    type Error = S::Error;
    type Future = InferenceFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (request, mut exchange) = self.shared.arrive(request);
        let future = Exchange::watch_panic(&mut exchange, || self.inner.call(request));
        InferenceFuture::new(future, exchange, Arc::clone(&self.shared))
    }
}
