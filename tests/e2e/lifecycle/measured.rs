//! A layer with an exporter of its own, and requests that are driven by hand.

use std::fmt::Debug;
use std::task::Poll;

use http::{Method, Request, Response};
use http_body::{Body, Frame};
use tokio_test::task::{self, Spawn};
use tower::{Layer as _, Service};
use tower_metrics::middleware::{ResponseBody, ResponseFuture};
use tower_metrics::{Builder, Exporter, MetricsLayer, Route};
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::scripted::{FutureStep, ScriptedError, ScriptedService};

use super::tally::Tally;

/// The endpoint of every request that is not named otherwise.
pub(super) const ROUTE: &str = "/jobs/{id}";

/// A layer that records into an exporter of its own.
pub(super) struct Measured {
    pub(super) layer: MetricsLayer,
    pub(super) exporter: Exporter,
}

impl Measured {
    pub(super) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// Builds the layer with these options.
    pub(super) fn with(
        configure: impl FnOnce(Builder<MetricsLayer>) -> Builder<MetricsLayer>,
    ) -> Self {
        let exporter = Exporter::builder().build().unwrap();
        let builder = MetricsLayer::builder().with_recorder(exporter.recorder());
        Self { layer: configure(builder).build().unwrap(), exporter }
    }

    /// Sends a request through the layer to a service.
    pub(super) fn send<S, T, B>(
        &self,
        request: Request<T>,
        service: S,
    ) -> Spawn<ResponseFuture<S::Future>>
    where
        S: Service<Request<T>, Response = Response<B>>,
        B: Body,
    {
        task::spawn(self.layer.layer(service).call(request))
    }

    /// Sends a request for [`ROUTE`] through the layer to a service.
    pub(super) fn call<S, B>(&self, method: Method, service: S) -> Spawn<ResponseFuture<S::Future>>
    where
        S: Service<Request<()>, Response = Response<B>>,
        B: Body,
    {
        self.send(request(method, ROUTE), service)
    }

    /// Sends a request that is answered at its first poll, and returns the body of the answer.
    pub(super) fn answer<B: Body>(
        &self,
        method: Method,
        response: Response<B>,
    ) -> Spawn<ResponseBody<B>> {
        let mut future = self.call(method, answering(response));
        task::spawn(head(&mut future).into_body())
    }

    pub(super) fn scrape(&self) -> Exposition {
        Exposition::parse(&self.exporter.render()).unwrap()
    }

    /// The count and the sum of a histogram of `GET` requests for [`ROUTE`], if it has samples.
    pub(super) fn histogram(&self, name: &str) -> Option<(f64, f64)> {
        let scrape = self.scrape();
        let labels = [("method", "GET"), ("endpoint", ROUTE)];
        let count = scrape.value(&format!("{name}_count"), &labels)?;
        let sum = scrape.value(&format!("{name}_sum"), &labels)?;
        (count > 0.0).then_some((count, sum))
    }

    pub(super) fn tally(&self) -> Tally {
        Tally::of(&self.scrape())
    }
}

/// A request without a body, whose endpoint is known when it arrives.
pub(super) fn request(method: Method, route: &str) -> Request<()> {
    Request::builder().method(method).extension(Route::from(route)).body(()).unwrap()
}

/// A service that answers at the first poll.
pub(super) fn answering<B>(response: Response<B>) -> ScriptedService<B> {
    ScriptedService::new([FutureStep::Answer(response)])
}

/// Polls a future until it answers.
pub(super) fn head<B, E: Debug>(
    future: &mut Spawn<impl Future<Output = Result<Response<B>, E>>>,
) -> Response<B> {
    loop {
        if let Poll::Ready(answer) = future.poll() {
            return answer.unwrap();
        }
        assert!(future.is_woken(), "pending for ever");
    }
}

/// What a body gives at one poll.
pub(super) type Polled<B> = Poll<Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>>;

/// Polls a body once.
pub(super) fn poll_frame<B: Body>(body: &mut Spawn<B>) -> Polled<B> {
    body.enter(|cx, body| body.poll_frame(cx))
}

/// Polls a body this often, whatever it gives.
pub(super) fn poll_frames<B: Body>(body: &mut Spawn<B>, polls: usize) {
    for _ in 0..polls {
        let _ = poll_frame(body);
    }
}

/// All that can be seen of a body, poll by poll.
pub(super) fn observe<B>(body: &mut Spawn<B>) -> Vec<String>
where
    B: Body<Error = ScriptedError>,
    B::Data: Debug,
{
    let mut seen = Vec::new();
    for _ in 0..10 {
        let hints = body.enter(|_, body| (body.size_hint(), body.is_end_stream()));
        let frame = poll_frame(body);
        seen.push(format!("{hints:?}, {frame:?}, {}", body.is_woken()));
    }
    seen
}
