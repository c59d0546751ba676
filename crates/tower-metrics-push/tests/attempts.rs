//! What becomes of a push when the gateway does not do what it should.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod support;

use std::error::Error as _;
use std::time::Duration;

use tower_metrics_push::{PushError, PushGateway};
use tower_metrics_tests::scripted_gateway::{OK, ScriptedGateway, Step, nobody};

use self::support::{exporter, gateway_at, text};

const UNAVAILABLE: Step = Step::Answer("HTTP/1.1 503 Service Unavailable\r\n\r\nnot yet\n");
const ERROR: Step = Step::Answer("HTTP/1.1 500 Internal Server Error\r\n\r\noh");

/// Pushes, and expects that to fail.
fn refusal(gateway: PushGateway) -> PushError {
    gateway.build().unwrap().push_blocking(&exporter(1)).unwrap_err()
}

/// Restarting a gateway costs no run.
#[test]
fn errors_of_the_gateway_are_tried_again() {
    let server = ScriptedGateway::start(&[ERROR, UNAVAILABLE, OK]);
    gateway_at(server.address()).build().unwrap().push_blocking(&exporter(3)).unwrap();
    let bodies: Vec<String> = server.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [text(3), text(3), text(3)]);
}

/// The same for what comes below HTTP.
#[test]
fn lost_connections_are_tried_again() {
    let garbage = Step::Answer("SSH-2.0-OpenSSH_9.2\r\n");
    let cut = Step::Answer("HTTP/1.1 2");
    let server = ScriptedGateway::start(&[Step::Reset, Step::Close, garbage, cut, OK]);
    gateway_at(server.address()).build().unwrap().push_blocking(&exporter(3)).unwrap();
    assert_eq!(server.requests().last().unwrap().body, text(3));
}

/// It carries the status and the words of the last answer.
#[test]
fn attempts_end_and_the_last_error_is_returned() {
    let server = ScriptedGateway::start(&[ERROR, ERROR, UNAVAILABLE, OK]);
    let error = refusal(gateway_at(server.address()).with_retries(2));
    assert_eq!((error.status(), server.requests().len()), (Some(503), 3));
    assert_eq!(error.to_string(), "the Pushgateway answered 503: not yet");

    let server = ScriptedGateway::start(&[UNAVAILABLE, OK]);
    assert_eq!(refusal(gateway_at(server.address()).without_retries()).status(), Some(503));
}

/// Metrics that it does not accept, and credentials that it does not know.
#[test]
fn what_the_gateway_refuses_is_not_tried_again() {
    let answers = [
        (400, "HTTP/1.1 400 Bad Request\r\ncontent-length: 4\r\n\r\nbad\n", "bad"),
        (401, "HTTP/1.1 401 Unauthorized\r\n\r\n", ""),
        (429, "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n", ""),
    ];
    for (status, answer, words) in answers {
        let server = ScriptedGateway::start(&[Step::Answer(answer), OK]);
        let error = refusal(gateway_at(server.address()));
        assert!(matches!(&error, PushError::Refused { text, .. } if text == words), "{error:?}");
        assert_eq!((error.status(), error.is_transient()), (Some(status), false));
        assert_eq!(server.requests().len(), 1);
    }
}

/// It would take the credentials to wherever it points.
#[test]
fn redirects_are_not_followed() {
    let elsewhere = ScriptedGateway::start(&[OK]);
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
        elsewhere.address()
    );
    let server = ScriptedGateway::start(&[Step::Answer(answer.leak())]);
    let error = refusal(gateway_at(server.address()).with_basic_auth("me", "hush"));
    assert_eq!(error.status(), Some(307));
    assert!(error.to_string().contains("redirects are not followed"), "{error}");
    assert_eq!((server.requests().len(), elsewhere.requests().len()), (1, 0));
}

/// Nobody listens there.
#[test]
fn a_gateway_that_is_down_is_an_error_that_says_where() {
    let address = nobody();
    let error = refusal(gateway_at(address));
    assert!(error.is_connect() && error.is_transient(), "{error:?}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(error.source().unwrap().to_string().contains("refused"));
}

/// A name that nobody has: reserved for that.
#[test]
fn a_host_that_is_unknown_is_an_error_that_names_it() {
    let gateway = PushGateway::new("http://gateway.invalid:9091").unwrap().with_job("nightly");
    let error = refusal(gateway.without_retries());
    assert!(error.is_connect(), "{error:?}");
    assert!(error.to_string().contains("gateway.invalid:9091"), "{error}");
}

/// After that time, and once more with the time anew.
#[test]
fn a_gateway_that_does_not_answer_times_out() {
    let server = ScriptedGateway::start(&[Step::Stall("")]);
    let limit = Duration::from_millis(50);
    let error = refusal(gateway_at(server.address()).with_timeout(limit).with_retries(1));
    assert!(matches!(error, PushError::Timeout { after } if after == limit), "{error:?}");
    assert!(error.is_timeout() && error.is_transient());
    assert_eq!(server.requests().len(), 2);
    // Neither connection is left open.
    server.closed();
    server.closed();

    let server = ScriptedGateway::start(&[Step::Stall(""), OK]);
    let gateway = gateway_at(server.address()).with_timeout(limit);
    gateway.build().unwrap().push_blocking(&exporter(1)).unwrap();
}

/// However many attempts there might be.
#[test]
fn the_whole_push_times_out() {
    let server = ScriptedGateway::start(&[Step::Stall("")]);
    let gateway = gateway_at(server.address()).with_total_timeout(Duration::from_millis(100));
    assert!(refusal(gateway.with_retries(u32::MAX)).is_timeout());
    let gateway = gateway_at(nobody()).with_total_timeout(Duration::from_millis(20));
    assert!(refusal(gateway.with_retries(u32::MAX)).is_connect());
}

/// The longest of durations is no reason to panic, nor is the shortest.
#[test]
fn extreme_times_are_allowed() {
    let server = ScriptedGateway::start(&[ERROR, OK, Step::Stall("")]);
    let gateway =
        gateway_at(server.address()).with_timeout(Duration::MAX).with_total_timeout(Duration::MAX);
    gateway.with_retries(u32::MAX).build().unwrap().push_blocking(&exporter(1)).unwrap();

    let gateway = gateway_at(server.address())
        .with_timeout(Duration::ZERO)
        .with_total_timeout(Duration::ZERO);
    assert!(refusal(gateway).is_timeout());
}

/// What a proxy of somebody else's says may be long, and may not end.
#[test]
fn long_answers_are_cut() {
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/html\r\n\r\n";
    let server = ScriptedGateway::start(&[Step::Flood(head)]);
    let error = refusal(gateway_at(server.address()));
    assert!(matches!(&error, PushError::Refused { text, .. } if text.len() == 8 * 1024));

    let endless_head = ScriptedGateway::start(&[Step::Flood("HTTP/1.1 400 Bad Request\r\nx: ")]);
    let error = refusal(gateway_at(endless_head.address()).without_retries());
    assert!(matches!(error, PushError::Interrupted { .. }), "{error:?}");
}

/// The status is known before the words are.
#[test]
fn an_answer_that_stalls_has_its_status() {
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\nbecause";
    let server = ScriptedGateway::start(&[Step::Stall(head)]);
    let error = refusal(gateway_at(server.address()).with_timeout(Duration::from_millis(100)));
    assert_eq!(error.to_string(), "the Pushgateway answered 400: because");
}

/// Nor does a success wait for words that say nothing.
#[test]
fn a_success_is_its_head() {
    let endless = Step::Flood("HTTP/1.1 202 Accepted\r\n\r\n");
    let announced = Step::Stall("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n");
    let server = ScriptedGateway::start(&[endless, announced]);
    let pusher = gateway_at(server.address()).build().unwrap();
    pusher.push_blocking(&exporter(1)).unwrap();
    pusher.push_blocking(&exporter(1)).unwrap();
}

/// Some servers repeat the request that they do not like.
#[test]
fn secrets_are_in_no_error() {
    let echo = "HTTP/1.1 400 Bad Request\r\n\r\nauthorization: Bearer hush-hush is bad";
    let server = ScriptedGateway::start(&[Step::Answer(echo)]);
    let error = refusal(gateway_at(server.address()).with_bearer_token("hush-hush"));
    assert_eq!(
        error.to_string(),
        "the Pushgateway answered 400: authorization: Bearer [secret] is bad"
    );
    assert!(!format!("{error:?}").contains("hush"));

    for address in [nobody(), server.address()] {
        let url = format!("http://me:hush@{address}");
        let gateway = PushGateway::new(&url).unwrap().with_job("a").with_header("x-key", "hush");
        let gateway = gateway.with_bearer_token("hush").without_retries();
        let pusher = gateway.clone().build().unwrap();
        let error = pusher.push_blocking(&exporter(1)).unwrap_err();
        let shown = format!("{gateway:?} {pusher:?} {error:?} {error} {:?}", pusher.delete());
        assert!(!shown.contains("hush"), "{shown}");
    }
}
