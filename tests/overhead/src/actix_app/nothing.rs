//! A middleware that measures nothing, for what any middleware costs.

use std::future::{Ready, ready};

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};

/// Calls the inner service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nothing;

#[derive(Debug)]
pub(super) struct NothingService<S> {
    inner: S,
}

impl<S, B> Transform<S, ServiceRequest> for Nothing
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = NothingService<S>;
    type InitError = ();
    type Future = Ready<Result<NothingService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(NothingService { inner }))
    }
}

impl<S, B> Service<ServiceRequest> for NothingService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = S::Future;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> S::Future {
        self.inner.call(request)
    }
}
