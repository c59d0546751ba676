//! What scripts do, and what they do behind their end.

use std::task::Poll;

use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use tokio_test::task;
use tower_service::Service;

use super::*;

/// Each poll of a body is one step; what is behind an end is reached by polling on.
#[test]
fn a_body_does_one_step_for_each_poll() {
    let trailers = HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("x"))]);
    let steps = [
        BodyStep::Pending,
        BodyStep::Data(2),
        BodyStep::Trailers(trailers.clone()),
        BodyStep::End,
        BodyStep::Error,
        BodyStep::Panic,
    ];
    let mut body = task::spawn(ScriptedBody::new(steps).pinned());
    assert!(body.enter(|cx, body| body.poll_frame(cx)).is_pending());
    assert!(body.is_woken());

    let mut poll = || body.enter(|cx, body| body.poll_frame(cx));
    let Poll::Ready(Some(Ok(data))) = poll() else { panic!("no data") };
    assert_eq!(data.into_data().unwrap(), "xx");
    let Poll::Ready(Some(Ok(last))) = poll() else { panic!("no trailers") };
    assert_eq!(last.trailers_ref(), Some(&trailers));
    assert!(matches!(poll(), Poll::Ready(None)));
    assert!(matches!(poll(), Poll::Ready(Some(Err(ScriptedError)))));
    assert!(catch_scripted_panic(&mut poll).is_none());
    assert!(matches!(poll(), Poll::Ready(None)));
}

/// A body says no more about itself than it is told to.
#[test]
fn a_body_tells_its_size_and_its_end_only_if_asked_to() {
    let silent = ScriptedBody::new([BodyStep::Data(2), BodyStep::Data(3)]);
    let telling = silent.clone().with_exact_size().with_end_told();
    for (body, sizes, end) in [(silent, [None, None], false), (telling, [Some(5), Some(3)], true)] {
        let mut body = task::spawn(body);
        for size in sizes {
            assert_eq!((body.size_hint().exact(), body.is_end_stream()), (size, false));
            let frame = body.enter(|cx, body| body.poll_frame(cx));
            assert!(matches!(frame, Poll::Ready(Some(Ok(frame))) if Frame::is_data(&frame)));
        }
        assert_eq!(body.is_end_stream(), end);
    }
}

/// A service is ready as scripted, and answers one call.
#[test]
fn a_service_follows_its_script_once() {
    let ready = [Poll::Pending, Poll::Ready(Err(ScriptedError))];
    let steps = [FutureStep::Pending, FutureStep::Answer(Response::new(7)), FutureStep::Error];
    let mut service = task::spawn(ScriptedService::new(steps).with_readiness(ready));
    let mut poll_ready =
        || service.enter(|cx, mut service| Service::<Request<()>>::poll_ready(&mut *service, cx));
    assert!(poll_ready().is_pending());
    assert_eq!(poll_ready(), Poll::Ready(Err(ScriptedError)));
    assert_eq!(poll_ready(), Poll::Ready(Ok(())));

    let mut answer = task::spawn(service.call(Request::new(())));
    assert!(answer.poll().is_pending() && answer.is_woken());
    assert!(matches!(answer.poll(), Poll::Ready(Ok(response)) if *response.body() == 7));
    assert!(matches!(answer.poll(), Poll::Ready(Err(ScriptedError))));
    assert!(answer.poll().is_pending() && !answer.is_woken());

    let mut further = task::spawn(service.call(Request::new(())));
    assert!(further.poll().is_pending() && !further.is_woken());
}

/// A failed assertion inside of scripted code still fails its test.
#[test]
#[should_panic(expected = "not scripted")]
fn only_scripted_panics_are_caught() {
    let mut panicking = ScriptedService::<()>::new([]).with_panic_in_call();
    assert!(catch_scripted_panic(|| panicking.call(Request::new(()))).is_none());
    catch_scripted_panic(|| panic!("not scripted"));
}
