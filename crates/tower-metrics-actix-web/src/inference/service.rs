//! The service: a request arrives.

use std::fmt;
use std::sync::Arc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, forward_ready};
use tower_metrics_inference::request::Exchange;

use super::body::InferenceBody;
use super::future::InferenceFuture;
use super::settings::Settings;

/// The service of [`InferenceMetrics`](crate::InferenceMetrics).
pub struct InferenceService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> InferenceService<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, B> Service<ServiceRequest> for InferenceService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<InferenceBody<B>>;
    type Error = Error;
    type Future = InferenceFuture<S::Future>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let mut exchange = self.settings.arrive(&request);
        let future = Exchange::watch_panic(&mut exchange, || self.inner.call(request));
        InferenceFuture::new(future, exchange, Arc::clone(&self.settings))
    }
}

impl<S: fmt::Debug> fmt::Debug for InferenceService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
