//! Neither the service nor the server notices the layer.

use std::fmt::Debug;
use std::task::Poll;

use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body::Body;
use tokio_test::task::{self, Spawn};
use tower::{Layer as _, Service as _};
use tower_metrics::inference::InferenceLayer;
use tower_metrics::inference::middleware::{InferenceBody, InferenceFuture, InferenceService};
use tower_metrics_tests::scripted::{
    BodyStep, FutureStep, ScriptedBody, ScriptedError, ScriptedFuture, ScriptedService,
};

use super::measured::{Measured, poll_frames, request};

type Service = ScriptedService<ScriptedBody>;

/// All that can be seen of a body, poll by poll.
fn observe<B>(body: &mut Spawn<B>) -> Vec<String>
where
    B: Body<Data: Debug, Error = ScriptedError>,
{
    let mut seen = Vec::new();
    for _ in 0..8 {
        let hints = body.enter(|_, body| (body.size_hint(), body.is_end_stream()));
        let frame = body.enter(|cx, body| body.poll_frame(cx));
        seen.push(format!("{hints:?}, {frame:?}, {}", body.is_woken()));
    }
    seen
}

/// Every frame, hint and wake-up of a body is that of the body inside, at every poll, also behind
/// its end.
#[test]
fn a_body_passes_as_it_is() {
    let silent = ScriptedBody::new([
        BodyStep::Pending,
        BodyStep::Data(2),
        BodyStep::Data(0),
        BodyStep::Trailers(HeaderMap::default()),
        BodyStep::End,
        BodyStep::Data(1),
        BodyStep::Error,
    ]);
    for body in [
        silent.clone(),
        silent.clone().with_exact_size(),
        silent.clone().with_end_told(),
        ScriptedBody::new([BodyStep::Data(2), BodyStep::Error, BodyStep::Pending]),
    ] {
        for status in [200, 500] {
            let measured = Measured::new();
            let response = Response::builder().status(status).body(body.clone()).unwrap();
            let mut wrapped = measured.answer("POST", response);
            assert_eq!(observe(&mut wrapped), observe(&mut task::spawn(body.clone())));
        }
    }
}

/// Bodies that must not move once they are polled need no box.
#[test]
fn a_body_that_is_not_unpin_is_measured() {
    let measured = Measured::new();
    let body = ScriptedBody::new([BodyStep::Data(2), BodyStep::Pending]);
    let mut body = measured.answer("POST", Response::new(body.pinned()));
    poll_frames(&mut body, 3);
    measured.assert(&["requests resnet50 success 1", "durations resnet50 1"]);
}

/// The head passes in both directions, with what others put into the extensions.
#[test]
fn heads_pass_as_they_are() {
    let measured = Measured::new();
    let response = Response::builder()
        .status(StatusCode::IM_A_TEAPOT)
        .version(Version::HTTP_2)
        .header("x-model", "v1")
        .extension("of the handler")
        .body(ScriptedBody::new([]))
        .unwrap();
    let mut service = measured.layer.layer(tower::service_fn(async |request: Request<&str>| {
        assert_eq!(request.headers()["x-input"], "a photo");
        assert_eq!(request.extensions().get(), Some(&7));
        assert_eq!(*request.body(), "the body");
        Ok::<_, ScriptedError>(response.clone())
    }));
    let request = Request::post("/predict/resnet50").header("x-input", "a photo").extension(7);
    let mut future = task::spawn(service.call(request.body("the body").unwrap()));
    let Poll::Ready(Ok(answer)) = future.poll() else { unreachable!("it was not answered") };
    assert_eq!((answer.status(), answer.version()), (StatusCode::IM_A_TEAPOT, Version::HTTP_2));
    assert_eq!(answer.headers()["x-model"], "v1");
    assert_eq!(answer.extensions().get(), Some(&"of the handler"));
}

/// A service that is not ready, or has failed, says so through the layer.
#[test]
fn readiness_passes_as_it_is() {
    let ready = [Poll::Pending, Poll::Ready(Err(ScriptedError)), Poll::Ready(Ok(()))];
    let service = Service::new([FutureStep::Error]).with_readiness(ready);
    let measured = Measured::new();
    let mut service = task::spawn(measured.layer.layer(service));
    let polled = ready.map(|_| {
        service
            .enter(|cx, mut service| tower::Service::<Request<()>>::poll_ready(&mut *service, cx))
    });
    assert_eq!(polled, ready);
    assert_eq!(
        task::spawn(service.call(request("POST"))).poll().map(Result::err),
        Poll::Ready(Some(ScriptedError))
    );
}

/// What a user stores or sends to a thread can be stored and sent, and printed.
#[test]
fn the_types_are_ordinary() {
    fn shared<T: Clone + Debug + Send + Sync + 'static>() {}
    fn sent<T: Debug + Send + 'static>() {}
    shared::<InferenceLayer>();
    shared::<InferenceService<Service>>();
    sent::<InferenceFuture<ScriptedFuture<ScriptedBody>>>();
    sent::<InferenceBody<ScriptedBody>>();
    assert_eq!(
        format!("{:?}", Measured::new().layer),
        "InferenceLayer { shared: Shared { inference: Inference { models: [\"resnet50\"], .. }, \
         model_name: templates, time_limit: None, token_recorder: false, .. } }"
    );
}
