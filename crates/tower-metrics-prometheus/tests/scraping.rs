//! What a scraper asks for, and what it gets.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod support;

use std::io::Read as _;
use std::sync::atomic::Ordering;
use std::task::Poll;

use flate2::read::GzDecoder;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use metrics::with_local_recorder;
use tower::ServiceExt as _;
use tower_metrics_core::{MetricSpec, Observation};
use tower_metrics_prometheus::{
    CONTENT_TYPE, Exporter, ExporterRecorder, ScrapeBody, ScrapeFuture, ScrapeService,
    SlowReaderError,
};
use tower_metrics_tests::poll::wait_until_blocking;

use support::{hold_up, lines, private_exporter};

fn ask(service: &ScrapeService, method: Method, headers: &[(&str, &str)]) -> Response<ScrapeBody> {
    let request = Request::builder().method(method).uri("/any");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let mut future = tokio_test::task::spawn(service.clone().oneshot(request.body(()).unwrap()));
    let mut answer = None;
    wait_until_blocking("there is an answer", || {
        if let Poll::Ready(Ok(response)) = future.poll() {
            answer = Some(response);
        }
        answer.is_some()
    })
    .unwrap();
    answer.unwrap()
}

fn get(exporter: &Exporter, headers: &[(&str, &str)]) -> Response<ScrapeBody> {
    ask(&exporter.scrape_service(), Method::GET, headers)
}

fn read(mut body: ScrapeBody) -> Result<Vec<u8>, SlowReaderError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next_chunk()? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn text(response: Response<ScrapeBody>) -> String {
    String::from_utf8(read(response.into_body()).unwrap()).unwrap()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

/// A scrape that no thread has answered yet.
fn waiting(service: &ScrapeService) -> ScrapeFuture {
    tower::Service::call(&mut service.clone(), Request::new(()))
}

/// Prometheus' own text format, plain, and not to be kept by a proxy.
#[test]
fn a_scrape_is_answered_in_the_text_format() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || metrics::counter!("a_total").increment(1));
    let answer = get(&exporter, &[]);
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers().clone();
    assert_eq!(header(&headers, "content-type"), Some(CONTENT_TYPE));
    assert_eq!(header(&headers, "cache-control"), Some("no-store"));
    assert_eq!(header(&headers, "vary"), Some("accept-encoding"));
    assert_eq!(header(&headers, "content-encoding"), None);
    let text = text(answer);
    assert_eq!(text, "# TYPE a_total counter\na_total 1\n");
    assert_eq!(header(&headers, "content-length"), Some(text.len().to_string().as_str()));
}

/// The same text in a fraction of the bytes, where the scraper says that it can read it.
#[test]
fn a_scraper_that_accepts_gzip_gets_it() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || {
        for i in 0..5_000 {
            metrics::counter!("a_total", "i" => i.to_string()).increment(1);
        }
    });
    let accept = "gzip;q=1.0, deflate;q=0.6, identity;q=0.3";
    let answer = get(&exporter, &[("accept-encoding", accept)]);
    assert_eq!(header(answer.headers(), "content-encoding"), Some("gzip"));
    assert_eq!(header(answer.headers(), "content-type"), Some(CONTENT_TYPE));
    let length = header(answer.headers(), "content-length").unwrap().to_owned();
    let compressed = read(answer.into_body()).unwrap();
    assert_eq!(length, compressed.len().to_string());
    let mut text = String::new();
    GzDecoder::new(&*compressed).read_to_string(&mut text).unwrap();
    assert_eq!(text, exporter.render());
    assert!(compressed.len() * 4 < text.len());

    let refused = get(&exporter, &[("accept-encoding", "gzip;q=0")]);
    assert_eq!(header(refused.headers(), "content-encoding"), None);
}

/// The head of the answer, with the length of the body that is left out.
#[test]
fn head_is_answered_without_the_body() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || metrics::counter!("a_total").increment(1));
    let answer = ask(&exporter.scrape_service(), Method::HEAD, &[]);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(answer.headers(), "content-type"), Some(CONTENT_TYPE));
    let length = exporter.render().len().to_string();
    assert_eq!(header(answer.headers(), "content-length"), Some(&*length));
    assert_eq!(text(answer), "");
}

/// Metrics are read, and nothing else.
#[test]
fn other_methods_are_refused() {
    let service = private_exporter().scrape_service();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = ask(&service, method, &[]);
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(answer.headers(), "allow"), Some("GET, HEAD"));
        assert_eq!(text(answer), "");
    }
}

/// Whoever has none of the tokens learns nothing, not even which methods there are.
#[test]
fn a_token_is_asked_for_where_one_is_set() {
    let exporter =
        Exporter::builder().with_bearer_token("old").with_bearer_token("new").build().unwrap();
    let service = exporter.scrape_service();
    for token in ["Bearer old", "bearer new"] {
        let answer = ask(&service, Method::GET, &[("authorization", token)]);
        assert_eq!(answer.status(), StatusCode::OK, "{token}");
    }
    let refused: [&[(&str, &str)]; 5] = [
        &[],
        &[("authorization", "Bearer wrong")],
        &[("authorization", "Basic new")],
        &[("authorization", "Bearer new"), ("authorization", "Bearer new")],
        &[("authorization", "")],
    ];
    for headers in refused {
        for method in [Method::GET, Method::POST] {
            let answer = ask(&service, method, headers);
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{headers:?}");
            assert_eq!(header(answer.headers(), "www-authenticate"), Some("Bearer"));
            assert!(!text(answer).contains("tower_metrics"));
        }
    }
    let error = Exporter::builder().with_bearer_token("").build().unwrap_err();
    assert!(error.to_string().contains("visible ASCII"), "{error}");
}

/// Everybody who came while one rendering was under way gets the next, in the encoding they asked
/// for; those who went away get none.
#[test]
fn scrapers_that_wait_share_one_rendering() {
    let exporter = private_exporter();
    let service = exporter.scrape_service();
    let (gate, renderings, _observation) = hold_up(&exporter);
    let closed = gate.lock().unwrap();
    let first = exporter.rendering();
    wait_until_blocking("the first is under way", || renderings.load(Ordering::Relaxed) == 1)
        .unwrap();
    let gone: Vec<ScrapeFuture> = (0..10).map(|_| waiting(&service)).collect();
    let mut others: Vec<_> = (0..500).map(|_| tokio_test::task::spawn(waiting(&service))).collect();
    let accepts = Request::builder().header("accept-encoding", "gzip").body(()).unwrap();
    let mut gzip = tokio_test::task::spawn(service.clone().oneshot(accepts));
    assert!(gzip.poll().is_pending());
    drop(gone);
    drop(closed);

    for other in &mut others {
        wait_until_blocking("it is answered", || match other.poll() {
            Poll::Ready(answer) => {
                assert!(text(answer.unwrap()).contains("\nrenderings 2\n"));
                true
            }
            Poll::Pending => false,
        })
        .unwrap();
    }
    wait_until_blocking("it is answered", || gzip.poll().is_ready()).unwrap();
    assert_eq!(renderings.load(Ordering::Relaxed), 2);
    drop(first);
}

/// Beyond the limit the answer comes at once, so that a scraper that hangs cannot gather them.
#[test]
fn too_many_that_wait_are_turned_away() {
    let exporter = Exporter::builder().with_max_waiting_scrapes(2).build().unwrap();
    let service = exporter.scrape_service();
    let (gate, _, observation) = hold_up(&exporter);
    let closed = gate.lock().unwrap();
    let [one, two] = [waiting(&service), waiting(&service)];

    let answer = get(&exporter, &[]);
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(answer.headers(), "retry-after"), Some("1"));
    // A place is free as soon as somebody goes away.
    drop(one);
    let three = waiting(&service);
    assert_eq!(get(&exporter, &[]).status(), StatusCode::SERVICE_UNAVAILABLE);
    drop((two, three, closed, observation));
    assert_eq!(get(&exporter, &[]).status(), StatusCode::OK);
}

/// One that is slow within bounds gets everything; one that stalls, while others are served, is cut
/// off, and what it kept is free.
#[test]
fn a_reader_that_stalls_loses_its_answer() {
    let limit = 1_000_000;
    let exporter = Exporter::builder().with_max_unsent_bytes(limit).build().unwrap();
    with_local_recorder(&exporter.recorder(), || {
        for i in 0..10_000 {
            metrics::counter!("a_total", "i" => format!("{i:020}")).increment(1);
        }
    });
    let mut stalled = get(&exporter, &[]).into_body();
    assert!(stalled.remaining() > 350_000);
    assert!(stalled.next_chunk().unwrap().unwrap().len() < 100_000);
    // This one fits beside it.
    let slow = get(&exporter, &[]);
    assert!(stalled.next_chunk().is_ok());
    for _ in 0..10 {
        read(get(&exporter, &[]).into_body()).unwrap();
    }
    assert!(stalled.next_chunk().is_err());
    assert!(stalled.next_chunk().is_err());
    assert!(read(slow.into_body()).is_ok());
}

/// An exporter that nobody scrapes says nothing about it; then every outcome is there, at zero.
#[test]
fn scrapes_are_counted_by_how_they_ended() {
    let exporter = Exporter::builder()
        .with_self_metrics()
        .with_bearer_token("token")
        .with_max_waiting_scrapes(1)
        .build()
        .unwrap();
    let service = exporter.scrape_service();
    let authorization = ("authorization", "Bearer token");
    assert_eq!(exporter.render(), "");

    let first = text(get(&exporter, &[authorization]));
    assert!(first.contains("tower_metrics_scrapes_total{outcome=\"success\"} 0\n"), "{first}");
    assert!(first.contains("# HELP tower_metrics_scrape_duration_seconds "), "{first}");
    ask(&service, Method::POST, &[authorization]);
    get(&exporter, &[]);
    get(&exporter, &[]);
    let request = || Request::builder().header(authorization.0, authorization.1).body(()).unwrap();
    let (gate, _, observation) = hold_up(&exporter);
    let closed = gate.lock().unwrap();
    let cancelled = tower::Service::call(&mut service.clone(), request());
    get(&exporter, &[authorization]);
    drop(cancelled);
    drop((closed, observation));

    assert_eq!(
        lines(&exporter, "tower_metrics_scrapes_total"),
        [
            r#"tower_metrics_scrapes_total{outcome="cancelled"} 1"#,
            r#"tower_metrics_scrapes_total{outcome="failed"} 0"#,
            r#"tower_metrics_scrapes_total{outcome="method_not_allowed"} 1"#,
            r#"tower_metrics_scrapes_total{outcome="overloaded"} 1"#,
            r#"tower_metrics_scrapes_total{outcome="success"} 1"#,
            r#"tower_metrics_scrapes_total{outcome="unauthorized"} 2"#,
        ]
    );
    assert_eq!(
        lines(&exporter, "tower_metrics_scrape_duration_seconds_count"),
        ["tower_metrics_scrape_duration_seconds_count 2"]
    );
    assert_eq!(
        lines(&exporter, "tower_metrics_scrape_size_bytes"),
        [format!("tower_metrics_scrape_size_bytes {}", first.len())]
    );
}

/// Unless it is asked for, nobody sees anything but what they record.
#[test]
fn without_self_metrics_a_scrape_leaves_no_trace() {
    let exporter = private_exporter();
    assert_eq!(text(get(&exporter, &[])), "");
    assert_eq!(exporter.render(), "");
}

/// Whoever uses our names for something else keeps them, and scrapes are served all the same.
#[test]
fn a_clash_with_the_self_metrics_is_survived() {
    let exporter = Exporter::builder().with_self_metrics().build().unwrap();
    let spec = MetricSpec::gauge("tower_metrics_scrapes_total");
    exporter.declare(&[spec]).unwrap();
    assert_eq!(get(&exporter, &[]).status(), StatusCode::OK);
    assert_eq!(exporter.render(), "");
}

/// Routers and servers clone them, and send them between threads.
#[test]
fn handles_go_anywhere() {
    fn is_shareable<T: Clone + Send + Sync + 'static>() {}
    fn is_sendable<T: Send + 'static>() {}
    is_shareable::<ScrapeService>();
    is_shareable::<Exporter>();
    is_shareable::<ExporterRecorder>();
    is_sendable::<ScrapeFuture>();
    is_sendable::<ScrapeBody>();
    is_sendable::<Observation>();
}
