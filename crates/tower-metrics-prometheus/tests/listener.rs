//! Metrics on a port of their own, over real sockets.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/client.rs"]
mod client;
mod support;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use metrics::with_local_recorder;
use tower_metrics_prometheus::Exporter;
use tower_metrics_prometheus::listener::ListenAddress;
use tower_metrics_tests::poll::wait_until_blocking;

use client::{get, receive, send};
use support::{exporter_with_a_long_text, hold_up, private_exporter};

/// No runtime, no framework: an address is all it takes.
#[test]
fn a_port_is_all_it_takes() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || metrics::counter!("a_total").increment(1));
    let listener = exporter.listen(0).unwrap();
    let address = listener.address();
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);

    let (head, body) = get(address, "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(body.starts_with("# TYPE a_total counter\na_total 1\n"), "{body}");
    assert!(get(address, "/metrics?x=1").0.starts_with("HTTP/1.1 200 "));

    let (head, body) = get(address, "/health");
    assert!(head.starts_with("HTTP/1.1 200 ") && body == "ok\n", "{head}{body}");
    assert!(get(address, "/").0.starts_with("HTTP/1.1 404 "));
    for path in ["/metrics", "/health"] {
        let (head, _) = receive(send(address, &format!("POST {path} HTTP/1.1"))).unwrap();
        assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("allow: GET, HEAD"), "{head}");
    }
}

/// The paths are the user's choice.
#[test]
fn paths_can_be_chosen() {
    let exporter = private_exporter();
    let listener = exporter.listener().with_metrics_path("/m").with_health_path("/healthz");
    let listener = listener.listen(0).unwrap();
    let status = |path| get(listener.address(), path).0.get(9..12).unwrap().to_owned();
    assert_eq!(["/m", "/healthz", "/metrics", "/health"].map(status), ["200", "200", "404", "404"]);
    let bare = exporter.listener().without_health_path().listen(0).unwrap();
    assert!(get(bare.address(), "/health").0.starts_with("HTTP/1.1 404 "));
}

/// A port alone is for this machine; everything else has to be said.
#[test]
fn a_bare_port_is_on_loopback() {
    let address = |text: &str| text.parse::<ListenAddress>();
    assert_eq!(ListenAddress::from(9).to_string(), "127.0.0.1:9");
    assert_eq!(address("9"), Ok(ListenAddress::from(9)));
    assert_eq!(address("0.0.0.0:9"), Ok(ListenAddress::from((Ipv4Addr::UNSPECIFIED, 9))));
    assert_eq!(address("[::1]:9").unwrap().to_string(), "[::1]:9");
    for text in ["", ":9", "localhost:9", "1.2.3.4", "65536", "-1"] {
        let error = address(text).unwrap_err().to_string();
        assert!(error.contains("give a port"), "{error}");
    }
}

/// The most frequent mistake says what it is and what to do.
#[test]
fn a_port_in_use_is_an_error_that_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let taken = TcpListener::bind(taken).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = private_exporter().listen(port).unwrap_err();
    assert!(error.is_address_in_use());
    let message = error.to_string();
    assert!(message.contains(&format!("port {port} on 127.0.0.1 is in use")), "{message}");
    assert!(message.contains("choose another port"), "{message}");

    let elsewhere: SocketAddr = "192.0.2.1:0".parse().unwrap();
    let error = private_exporter().listen(elsewhere).unwrap_err();
    assert!(!error.is_address_in_use() && error.to_string().contains("192.0.2.1"), "{error}");
}

/// The health check is for those who have no secrets.
#[test]
fn a_token_protects_the_metrics_and_not_the_health_check() {
    let exporter = Exporter::builder().with_bearer_token("secret").build().unwrap();
    let listener = exporter.listen(0).unwrap();
    let (head, body) = get(listener.address(), "/metrics");
    assert!(head.starts_with("HTTP/1.1 401 ") && head.contains("www-authenticate: Bearer"));
    assert!(!body.contains("tower_metrics"), "{body}");
    assert!(get(listener.address(), "/health").0.starts_with("HTTP/1.1 200 "));
    let head = "GET /metrics HTTP/1.1\r\nauthorization: Bearer secret";
    let (head, _) = receive(send(listener.address(), head)).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

/// A thousand at once cost as much as a few, and everyone gets everything.
#[test]
fn a_thousand_scrapes_at_once_share_a_few_renderings() {
    const SCRAPERS: usize = 1_000;
    raise_file_limit();
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || {
        for i in 0..2_000 {
            metrics::counter!("a_total", "i" => i.to_string()).increment(1);
        }
    });
    let listener = exporter.listener().with_max_connections(SCRAPERS + 1).listen(0).unwrap();
    let (gate, renderings, _observation) = hold_up(&exporter);
    let closed = gate.lock().unwrap();
    let request = "GET /metrics HTTP/1.1";
    let scrapers: Vec<TcpStream> =
        (0..SCRAPERS).map(|_| send(listener.address(), request)).collect();
    // One thread serves all of them, so those that came before these are waiting now.
    for _ in 0..3 {
        get(listener.address(), "/health");
    }
    drop(closed);

    for scraper in scrapers {
        let (head, body) = receive(scraper).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(body.lines().filter(|line| line.starts_with("a_total{")).count(), 2_000);
    }
    let renderings = renderings.load(Ordering::Relaxed);
    assert!(renderings <= 5, "{renderings} renderings");
}

/// More connections than there are places wait for their turn.
#[test]
fn connections_beyond_the_limit_wait() {
    let exporter = private_exporter();
    let listener = exporter.listener().with_max_connections(3).listen(0).unwrap();
    let request = "GET /metrics HTTP/1.1";
    let scrapers: Vec<_> = (0..50).map(|_| send(listener.address(), request)).collect();
    for scraper in scrapers.into_iter().rev() {
        assert!(receive(scraper).unwrap().0.starts_with("HTTP/1.1 200 "));
    }
}

/// What the kernel does to the connection of a process that is killed: it resets it.
#[test]
fn a_scraper_that_is_killed_mid_answer_harms_nobody() {
    let exporter = exporter_with_a_long_text();
    let listener = exporter.listen(0).unwrap();
    for _ in 0..20 {
        let mut killed = send(listener.address(), "GET /metrics HTTP/1.1");
        let mut beginning = [0; 100];
        killed.read_exact(&mut beginning).unwrap();
        assert!(beginning.starts_with(b"HTTP/1.1 200 "));
        // There is more to read, so closing it is a reset.
        drop(killed);
    }
    drop(send(listener.address(), "GET /metrics HTTP/1.1"));
    assert!(get(listener.address(), "/metrics").1.ends_with("z_total 19\n"));
}

/// Clients that send half a request, or read half an answer, are cut off; the others never notice.
#[test]
fn a_client_that_stalls_is_cut_off() {
    let exporter = exporter_with_a_long_text();
    let listener = exporter.listener().with_timeout(Duration::from_millis(300)).listen(0).unwrap();
    let patient = exporter.listen(0).unwrap();
    let mut half = TcpStream::connect(listener.address()).unwrap();
    half.write_all(b"GET /metrics HTTP/1.1\r\nx: ").unwrap();
    let stalled: Vec<_> =
        (0..5).map(|_| send(listener.address(), "GET /metrics HTTP/1.1")).collect();
    assert!(get(patient.address(), "/metrics").0.starts_with("HTTP/1.1 200 "));

    let mut nothing = Vec::new();
    assert!(half.read_to_end(&mut nothing).is_err() || nothing.is_empty());
    for mut stalled in stalled {
        wait_until_blocking("the server has closed it", || stalled.write_all(b"x").is_err())
            .unwrap();
        assert!(receive(stalled).is_err());
    }
}

/// Answers under way are finished; the port is free afterwards.
#[test]
fn shutdown_finishes_what_is_under_way() {
    let exporter = private_exporter();
    let listener = exporter.listen(0).unwrap();
    let address = listener.address();
    let (gate, renderings, _observation) = hold_up(&exporter);
    let closed = gate.lock().unwrap();
    let scraper = send(address, "GET /metrics HTTP/1.1");
    // Connected, and silent: it is not waited for.
    let idle = TcpStream::connect(address).unwrap();
    wait_until_blocking("the scrape is under way", || renderings.load(Ordering::Relaxed) == 1)
        .unwrap();

    let shutdown = thread::spawn(move || listener.shutdown());
    wait_until_blocking("no more connections are accepted", || {
        TcpStream::connect(address).is_err()
    })
    .unwrap();
    assert!(!shutdown.is_finished());
    drop(closed);
    assert!(receive(scraper).unwrap().1.contains("renderings 1\n"));
    shutdown.join().unwrap();
    drop(idle);
    exporter.listen(address).unwrap().shutdown();
}

/// Dropping the handle is enough; detaching it is the way to keep the listener.
#[test]
fn a_listener_ends_with_its_handle_unless_it_is_detached() {
    let exporter = private_exporter();
    let listener = exporter.listen(0).unwrap();
    let address = listener.address();
    drop(listener);
    wait_until_blocking("the port is free", || TcpStream::connect(address).is_err()).unwrap();

    let listener = exporter.listen(0).unwrap();
    let address = listener.address();
    listener.detach();
    drop(exporter);
    assert!(get(address, "/health").0.starts_with("HTTP/1.1 200 "));
}

/// The runtime in which it was started is not one that it runs on.
#[test]
fn the_runtime_that_started_it_may_go() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (exporter, listener) = runtime.block_on(async {
        let exporter = private_exporter();
        let listener = exporter.listen(0).unwrap();
        let taken = exporter.listen(listener.address());
        assert!(taken.unwrap_err().is_address_in_use());
        exporter.listen(0).unwrap().shutdown();
        (exporter, listener)
    });
    drop(runtime);
    with_local_recorder(&exporter.recorder(), || metrics::histogram!("a").record(1.0));
    assert!(get(listener.address(), "/metrics").1.contains("a_count 1\n"));
    drop(exporter);
    assert!(get(listener.address(), "/metrics").1.contains("a_count 1\n"));
}

/// A thousand connections are two thousand files.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(4_096.min(limit.maximum.unwrap_or(4_096)));
    setrlimit(Resource::Nofile, limit).unwrap();
}
