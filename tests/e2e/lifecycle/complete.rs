//! A body can be complete though nobody polled it to its end, as servers do not.

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use tower_metrics_tests::scripted::{BodyStep, ScriptedBody, catch_scripted_panic};

use super::measured::{Measured, poll_frames};
use super::tally::Tally;

/// A response, of whose body a server takes this many polls before it drops it.
struct Row {
    what: &'static str,
    method: Method,
    status: u16,
    length: Option<&'static str>,
    body: ScriptedBody,
    polls: usize,
}

impl Row {
    fn new(what: &'static str, body: ScriptedBody, polls: usize) -> Self {
        Self { what, method: Method::GET, status: 200, length: None, body, polls }
    }

    fn with_method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Sets the header `content-length`.
    fn with_length(self, length: &'static str) -> Self {
        Self { length: Some(length), ..self }
    }

    #[track_caller]
    fn assert_ends(self, reason: Option<&'static str>) {
        let Self { what, method, status, length, body, polls } = self;
        let mut response = Response::builder().status(status);
        if let Some(length) = length {
            response = response.header(CONTENT_LENGTH, length);
        }
        let measured = Measured::new();
        let mut body = measured.answer(method.clone(), response.body(body).unwrap());
        catch_scripted_panic(|| poll_frames(&mut body, polls));
        drop(body);
        assert_eq!(measured.tally(), Tally::once(method.as_str(), (status, reason)), "{what}");
    }
}

/// A body of two and three bytes, after which it has yet to say that it is over.
fn five_bytes() -> ScriptedBody {
    ScriptedBody::new([BodyStep::Data(2), BodyStep::Pending, BodyStep::Data(3)])
}

fn followed_by(step: BodyStep) -> ScriptedBody {
    ScriptedBody::new([BodyStep::Data(2), BodyStep::Pending, BodyStep::Data(3), step])
}

fn trailers() -> HeaderMap {
    let name = HeaderName::from_static("x-checksum");
    HeaderMap::from_iter([(name, HeaderValue::from_static("1"))])
}

/// Servers do not poll a body of which they know that nothing comes.
#[test]
fn a_body_known_to_be_empty_is_complete_with_its_head() {
    let empty = || ScriptedBody::new([]);
    for row in [
        Row::new("it says that it is over", empty().with_end_told(), 0),
        Row::new("it says that nothing is left", empty().with_exact_size(), 0),
        Row::new("a length of 0", empty(), 0).with_length("0"),
        Row::new("a length of 0, polled", empty(), 1).with_length("0"),
        Row::new("an empty frame", ScriptedBody::new([BodyStep::Data(0)]).with_exact_size(), 0),
    ] {
        row.assert_ends(None);
    }
}

/// Some answers have no body in HTTP, whatever the service puts there and whatever it says of it.
#[test]
fn an_answer_without_a_body_in_http_is_complete_with_its_head() {
    for row in [
        Row::new("HEAD", five_bytes(), 0).with_method(Method::HEAD),
        Row::new("HEAD, with a length", five_bytes(), 0).with_method(Method::HEAD).with_length("5"),
        Row::new("HEAD, not found", five_bytes(), 0).with_method(Method::HEAD).with_status(404),
        Row::new("continue", five_bytes(), 0).with_status(100),
        Row::new("an upgrade", five_bytes(), 0).with_status(101),
        Row::new("early hints", five_bytes(), 0).with_status(103),
        Row::new("no content", five_bytes(), 0).with_status(204),
        Row::new("not modified", five_bytes(), 0).with_status(304).with_length("5"),
        Row::new("a tunnel", five_bytes(), 0).with_method(Method::CONNECT),
    ] {
        row.assert_ends(None);
    }
}

/// Servers stop at the last byte, at the trailers, or where the body says that it is over.
#[test]
fn a_body_of_which_everything_was_taken_is_complete_when_dropped() {
    let with_trailers = followed_by(BodyStep::Trailers(trailers()));
    for row in [
        Row::new("it says that it is over", five_bytes().with_end_told(), 3),
        Row::new("the length is reached", five_bytes(), 3).with_length("5"),
        Row::new("the size is reached", five_bytes().with_exact_size(), 3),
        Row::new("the size counts, not the header", five_bytes().with_exact_size(), 3)
            .with_length("6"),
        Row::new("the length is passed", five_bytes(), 3).with_length("4"),
        Row::new("trailers", with_trailers.clone(), 4),
        Row::new("trailers that were not taken", with_trailers, 3).with_length("5"),
        Row::new("pending behind the length", followed_by(BodyStep::Pending), 4).with_length("5"),
        Row::new("empty frame behind the length", followed_by(BodyStep::Data(0)), 4)
            .with_length("5"),
    ] {
        row.assert_ends(None);
    }
}

/// Where nobody can know that it was everything, or it was not, the body was dropped.
#[test]
fn a_body_of_which_something_may_be_left_is_dropped() {
    for row in [
        Row::new("it has not said that it is over", five_bytes(), 3),
        Row::new("nothing was taken", five_bytes().with_end_told(), 0),
        Row::new("the end is told behind the last step", five_bytes().with_end_told(), 2),
        Row::new("the length is not reached", five_bytes(), 3).with_length("6"),
        Row::new("the length is not reached yet", five_bytes(), 2).with_length("5"),
        Row::new("the size is not reached yet", five_bytes().with_exact_size(), 2),
        Row::new("the size counts, not the header", five_bytes().with_exact_size(), 1)
            .with_length("2"),
        Row::new("trailers may come", followed_by(BodyStep::Trailers(trailers())), 3),
        Row::new("POST", five_bytes(), 0).with_method(Method::POST).with_length("5"),
        Row::new("a tunnel that was refused", five_bytes(), 0)
            .with_method(Method::CONNECT)
            .with_status(403),
    ] {
        row.assert_ends(Some("body_dropped"));
    }
}

/// A server that polls on learns of a failure that nobody else would have noticed.
#[test]
fn a_failure_behind_the_last_byte_counts_if_it_is_seen() {
    for (step, reason) in [(BodyStep::Error, "body_error"), (BodyStep::Panic, "panic")] {
        let failing = followed_by(step);
        Row::new("seen", failing.clone(), 4).with_length("5").assert_ends(Some(reason));
        Row::new("seen behind 0", failing.clone(), 4).with_length("0").assert_ends(Some(reason));
        Row::new("not seen", failing, 3).with_length("5").assert_ends(None);
    }
}
