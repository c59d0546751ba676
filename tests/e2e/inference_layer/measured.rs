//! A layer with an exporter of its own, and what it counted.

use std::task::Poll;

use http::{Request, Response};
use http_body::Body;
use tokio_test::task::{self, Spawn};
use tower::{Layer as _, Service};
use tower_metrics::Exporter;
use tower_metrics::inference::middleware::{InferenceBody, InferenceFuture};
use tower_metrics::inference::{Inference, InferenceLayer, ModelName};
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::scripted::{FutureStep, ScriptedBody, ScriptedService};

/// The only registered model.
pub(crate) const MODEL: &str = "resnet50";

/// What the books show, by a short name.
const METRICS: [(&str, &str); 7] = [
    ("requests", "inference_requests_total"),
    ("errors", "inference_errors_total"),
    ("durations", "inference_duration_seconds_count"),
    ("in flight", "inference_in_flight_requests"),
    ("running", "inference_running_requests"),
    ("input", "inference_input_tokens_total"),
    ("output", "inference_output_tokens_total"),
];

/// All that is not 0: `requests resnet50 success 1`.
#[derive(Debug, PartialEq)]
pub(crate) struct Books(Vec<String>);

impl Books {
    pub(crate) fn of(exporter: &Exporter) -> Self {
        let scrape = Exposition::parse(&exporter.render()).unwrap();
        let lines = METRICS.iter().flat_map(|(short, name)| {
            let samples = scrape.samples();
            let samples = samples.filter(move |s| s.name() == *name && s.value() != 0.0);
            samples.map(move |sample| {
                let labels = ["model_name", "status", "error_type"];
                let labels = labels.iter().filter_map(|label| sample.labels().get(*label));
                let words = std::iter::once(*short).chain(labels.map(String::as_str));
                format!("{} {}", words.collect::<Vec<_>>().join(" "), sample.value())
            })
        });
        Self(lines.collect())
    }

    #[track_caller]
    pub(crate) fn assert(&self, expected: &[&str]) {
        assert_eq!(self.0, expected);
    }

    pub(crate) fn are(&self, expected: &[&str]) -> bool {
        self.0 == expected
    }
}

/// The registry of one model, with its exporter.
pub(crate) fn inference() -> (Exporter, Inference) {
    let exporter = Exporter::builder().build().unwrap();
    let inference = Inference::builder().with_recorder(exporter.recorder()).with_tokens();
    let inference = inference.build().unwrap();
    inference.register(MODEL).unwrap();
    (exporter, inference)
}

pub(super) struct Measured {
    pub(super) exporter: Exporter,
    pub(super) layer: InferenceLayer,
}

impl Measured {
    pub(super) fn new() -> Self {
        Self::with(|layer| layer)
    }

    /// Builds the layer with these options.
    pub(super) fn with(configure: impl FnOnce(InferenceLayer) -> InferenceLayer) -> Self {
        Self::named(ModelName::templates(["/predict/{model_name}"]).unwrap(), configure)
    }

    pub(super) fn named(
        name: ModelName,
        configure: impl FnOnce(InferenceLayer) -> InferenceLayer,
    ) -> Self {
        let (exporter, inference) = inference();
        Self { exporter, layer: configure(InferenceLayer::new(&inference, name)) }
    }

    pub(super) fn call<S, B>(
        &self,
        request: Request<()>,
        service: S,
    ) -> Spawn<InferenceFuture<S::Future>>
    where
        S: Service<Request<()>, Response = Response<B>>,
        B: Body,
    {
        task::spawn(self.layer.layer(service).call(request))
    }

    /// Sends a request for the model that is answered at once, and returns the body of the answer.
    pub(super) fn answer<P>(
        &self,
        method: &str,
        response: Response<ScriptedBody<P>>,
    ) -> Spawn<InferenceBody<ScriptedBody<P>>> {
        let service = ScriptedService::new([FutureStep::Answer(response)]);
        let mut future = self.call(request(method), service);
        let Poll::Ready(Ok(response)) = future.poll() else { unreachable!("it was not answered") };
        task::spawn(response.into_body())
    }

    /// Sends a request for this path that is answered with 200 and no body.
    pub(super) fn visit(&self, path: &str) {
        let response = Response::new(ScriptedBody::new([]).with_end_told());
        let service = ScriptedService::new([FutureStep::Answer(response)]);
        let mut future = self.call(Request::get(path).body(()).unwrap(), service);
        assert!(future.poll().is_ready());
    }

    #[track_caller]
    pub(super) fn assert(&self, expected: &[&str]) {
        Books::of(&self.exporter).assert(expected);
    }

    #[track_caller]
    pub(super) fn assert_for(&self, what: &str, expected: &[&str]) {
        assert_eq!(Books::of(&self.exporter).0, expected, "{what}");
    }
}

/// A request for the model.
pub(super) fn request(method: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("/predict/{MODEL}")).body(()).unwrap()
}

/// Polls a body this often, whatever it gives.
pub(super) fn poll_frames<B: Body>(body: &mut Spawn<B>, polls: usize) {
    for _ in 0..polls {
        let _ = body.enter(|cx, body| body.poll_frame(cx));
    }
}
