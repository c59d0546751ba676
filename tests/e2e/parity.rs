//! The same traffic to both services: the same answers, and the same said about it.
//!
//! What differs is decided by the frameworks before or behind the metrics, and is left out:
//!
//! - actix-web resolves escapes before it routes (`/%68ealth` is `/health`), axum behind that;
//! - actix-web refuses a byte above 127 in a path, a request without `Host`, and one with both
//!   `Content-Length` and `Transfer-Encoding`; hyper takes them, so they are counted only there;
//! - a client that closes its sending half at once may be gone for hyper before it has arrived;
//! - over HTTP/2, actix-web runs a handler to its end when the client has gone: not `cancelled`
//!   with 499, but `body_dropped` with the status that nobody waited for;
//! - actix-web closes a connection that asked for an upgrade and did not get it, hyper keeps it.

use std::collections::BTreeSet;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower_metrics_tests::exposition::{Exposition, Family, Sample};

use crate::service::{Framework, PREDICT, SOON, Service, input_taking};

/// The methods with a name of their own among the labels, and others.
const METHODS: [&str; 13] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "QUERY",
    "BREW", "PROPFIND", "get",
];

const JSON: &str = "content-type: application/json\r\n";

/// Paths with a route and without, two of them forms that only a scanner sends.
const PATHS: [&str; 12] = [
    "/health",
    "/models",
    "/models/resnet50/load",
    "/models/nope/unload",
    "/health?verbose",
    "/predict/resnet50",
    "/predict/resnet50/",
    "/predict/",
    "/nowhere",
    "//health",
    "*",
    "http://127.0.0.1/health",
];

/// Dashboards cannot tell the frameworks apart.
#[tokio::test]
async fn both_frameworks_answer_and_count_the_same() {
    let axum = Service::start(Framework::Axum, &["--timeout-ms", "100"]).await.unwrap();
    let actix_web = Service::start(Framework::ActixWeb, &["--timeout-ms", "100"]).await.unwrap();

    let requests = requests();
    assert_same_answers(&axum, &actix_web, &requests, &[]).await;
    let count = u32::try_from(requests.len()).unwrap();
    let scrape = axum.settled(count).await.unwrap();
    assert_eq!(scrape.sum("http_requests_total", &[]), Some(f64::from(count)));
    assert_same(&scrape, &actix_web.settled(count).await.unwrap());

    // The metrics' own route, which is not counted. An answer to HEAD has the length of the text,
    // in which durations differ.
    let others = METHODS.iter().filter(|method| **method != "GET");
    let requests: Vec<_> = others.map(|method| request(method, "/metrics?x", "", b"")).collect();
    assert_same_answers(&axum, &actix_web, &requests, &["content-length"]).await;
    assert_same(&axum.settled(count).await.unwrap(), &actix_web.settled(count).await.unwrap());
}

/// Those who give up are the same for both, wherever they do.
#[tokio::test]
async fn both_frameworks_count_clients_that_give_up_the_same() {
    let axum = scrape_after_giving_up(Framework::Axum).await;
    for status in ["499", "400"] {
        let labels = [("method", "POST"), ("endpoint", PREDICT), ("status_code", status)];
        assert_eq!(axum.value("http_requests_total", &labels), Some(1.0), "{status}");
    }
    assert_same(&axum, &scrape_after_giving_up(Framework::ActixWeb).await);
}

/// Closes a connection while the handler runs, and one while it waits for the body.
async fn scrape_after_giving_up(framework: Framework) -> Exposition {
    let service = Service::start(framework, &["--timeout-ms", "600000"]).await.unwrap();
    let body = input_taking(600_000).to_string();
    let whole = request("POST", "/predict/resnet50", JSON, body.as_bytes());
    let (_, part) = whole.split_last().unwrap();
    for (request, ended) in [(&*whole, 1), (part, 2)] {
        let mut client = TcpStream::connect(service.address()).await.unwrap();
        client.write_all(request).await.unwrap();
        service.busy().await.unwrap();
        drop(client);
        service.settled(ended).await.unwrap();
    }
    service.settled(2).await.unwrap()
}

/// Every kind of request that the service answers, and many that it refuses.
fn requests() -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    for method in METHODS {
        requests.extend(PATHS.map(|path| request(method, path, "", b"")));
    }
    requests.push(request("CONNECT", "127.0.0.1:80", "", b""));
    requests.push(b"GET /health HTTP/1.0\r\n\r\n".to_vec());

    let input = br#"{"input": "a photo of a cat"}"#;
    let padded = |length: usize| [vec![b' '; length - input.len()], input.to_vec()].concat();
    for path in [
        "/predict/resnet50",
        "/predict/bert-base",
        "/predict/bert%2Dbase",
        "/predict/a%2Fb",
        "/predict/%25",
        "/predict/%ff",
        "/predict/%zz",
        "/predict/..;x=1",
    ] {
        requests.push(request("POST", path, JSON, input));
    }
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"\xff",
        b"null",
        b"{}",
        br#"{"input": 5}"#,
        br#"{"input": "a", "delay_ms": 60000}"#,
        br#"{"input": "a", "fail": true}"#,
        &padded(64 * 1024),
        &padded(64 * 1024 + 1),
    ];
    for body in bodies {
        requests.push(request("POST", "/predict/resnet50", JSON, body));
    }
    for body in [
        br#"{"prompt": "a photo", "max_tokens": 0}"#.as_slice(),
        br#"{"prompt": "a photo", "max_tokens": 3}"#,
        br#"{"prompt": "a photo", "fail": true}"#,
        br#"{"prompt": "a photo", "token_delay_ms": 60000}"#,
        b"{}",
    ] {
        requests.push(request("POST", "/generate/bert-base", JSON, body));
        requests.push(request("POST", "/generate/resnet50", JSON, body));
    }
    for path in ["/predict/nope", "/generate/nope", "/generate/%ff", "/models/%ff/load"] {
        requests.push(request("POST", path, JSON, b"{"));
    }
    for body in [br#"{"fail": true}"#.as_slice(), b"{"] {
        requests.push(request("POST", "/models/bert-base/load", JSON, body));
    }
    for headers in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/json; charset=utf-8\r\n",
        "content-type: application/json\r\nexpect: 100-continue\r\n",
    ] {
        requests.push(request("POST", "/predict/resnet50", headers, input));
    }
    let chunked = "transfer-encoding: chunked\r\n";
    let head = |path| {
        format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{JSON}{chunked}\r\n")
    };
    for chunks in ["2\r\n{}\r\n0\r\n\r\n", "no number\r\n"] {
        requests.push([head("/predict/resnet50").as_bytes(), chunks.as_bytes()].concat());
    }
    requests
}

fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         content-length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Sends the same bytes to both, and expects the same answers but for these headers.
async fn assert_same_answers(
    axum: &Service,
    actix_web: &Service,
    requests: &[Vec<u8>],
    ignored: &[&str],
) {
    let send = |service: &Service| -> Vec<JoinHandle<Answer>> {
        let exchange = |request: &Vec<u8>| exchange(service.address(), request.clone());
        requests.iter().map(exchange).map(tokio::spawn).collect()
    };
    // All at once, because actix-web keeps what follows a CONNECT open for a second.
    let (axum, actix_web) = (send(axum), send(actix_web));
    for ((request, one), other) in requests.iter().zip(axum).zip(actix_web) {
        let (mut one, mut other) = (one.await.unwrap(), other.await.unwrap());
        for Answer { head, .. } in [&mut one, &mut other] {
            head.retain(|line| !ignored.iter().any(|header| line.starts_with(header)));
        }
        assert_eq!(one, other, "{}", String::from_utf8_lossy(request));
    }
}

/// The lines of an answer's head, sorted, and its body.
#[derive(Debug, PartialEq)]
struct Answer {
    head: Vec<String>,
    body: String,
}

/// Sends bytes and reads the answer.
async fn exchange(address: String, request: Vec<u8>) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut head: Vec<_> = head.lines().map(str::to_lowercase).collect();
    head.retain(|line| !line.starts_with("date: "));
    head.sort_unstable();
    Answer { head, body: body.to_owned() }
}

/// Expects two scrapes to differ in nothing but durations.
#[track_caller]
fn assert_same(axum: &Exposition, actix_web: &Exposition) {
    let about = |family: &Family| {
        (family.name().to_owned(), family.kind(), family.help().map(str::to_owned))
    };
    let families = |scrape: &Exposition| scrape.families().iter().map(about).collect::<Vec<_>>();
    assert_eq!(families(axum), families(actix_web));

    let series = |scrape: &Exposition| -> BTreeSet<String> {
        scrape.families().iter().flat_map(|family| family.samples().iter().map(line)).collect()
    };
    let (axum, actix_web) = (series(axum), series(actix_web));
    let differences: Vec<_> = axum.symmetric_difference(&actix_web).collect();
    assert!(differences.is_empty(), "in one of the two only: {differences:#?}");
}

/// A series with its value, unless that depends on how long things took: sums and finite buckets.
fn line(sample: &Sample) -> String {
    let (name, labels) = (sample.name(), sample.labels());
    let is_finite = labels.get("le").is_some_and(|le| le != "+Inf");
    if is_finite || name.ends_with("_seconds_sum") {
        format!("{name}{labels:?}")
    } else {
        format!("{name}{labels:?} {}", sample.value())
    }
}
