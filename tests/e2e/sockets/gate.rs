//! Handlers that do what the test says, when it says so.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use tokio::sync::Semaphore;
use tower::BoxError;

/// Where handlers wait until the test lets them pass.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    arrivals: Arc<Semaphore>,
    passes: Arc<Semaphore>,
}

impl Gate {
    /// Makes a closed gate.
    pub(crate) fn closed() -> Self {
        let none = || Arc::new(Semaphore::new(0));
        Self { arrivals: none(), passes: none() }
    }

    /// Waits in a handler until it may pass.
    pub(crate) async fn pass(&self) {
        self.arrivals.add_permits(1);
        self.passes.acquire().await.unwrap().forget();
    }

    /// Waits in the test until one more handler has arrived.
    pub(crate) async fn arrival(&self) {
        self.arrivals.acquire().await.unwrap().forget();
    }

    /// Lets one handler pass.
    pub(crate) fn open(&self) {
        self.passes.add_permits(1);
    }

    /// A route whose handler passes the gate and then answers "passed".
    pub(crate) fn route(&self) -> MethodRouter {
        let gate = self.clone();
        any(async move || {
            gate.pass().await;
            "passed"
        })
    }
}

/// A route that answers one request with a body of unknown length, whose frames the test sends.
pub(crate) fn scripted() -> (Sender<Bytes, BoxError>, MethodRouter) {
    let (sender, body) = Channel::new(1);
    let body = Arc::new(Mutex::new(Some(body)));
    let route = any(move || {
        let body = body.lock().unwrap().take();
        async move { Response::new(Body::new(body.unwrap())) }
    });
    (sender, route)
}
