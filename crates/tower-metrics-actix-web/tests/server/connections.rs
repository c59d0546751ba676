//! What one HTTP/1.1 connection can carry, and how it can end well or by the server's will.

use crate::client::{Client, assert_counted_soon, serve, wait_for};
use crate::routes::{gate, routes};
use crate::scene::Scene;
use crate::support::{private_exporter, series};

/// Requests of one connection are counted one by one, sent after each other or all at once.
#[actix_web::test]
async fn requests_of_one_connection_are_counted_one_by_one() {
    let (scene, mut client) = Scene::start().await;

    client.send("GET /text").await;
    client.read_until("some text").await;
    client.send("GET /text\nGET /empty\nGET /scan\nGET /worker").await;
    client.read_until("some text").await;
    client.read_until("204 No Content").await;
    client.read_until("404 Not Found").await;
    client.read_until("ThreadId").await;

    scene
        .ends_with(
            &["GET /empty 204 1", "GET /text 200 2", "GET /worker 200 1", "GET unmatched 404 1"],
            &[],
        )
        .await;
}

/// Targets that are no path are unmatched, and a whole URI is what its path is.
#[actix_web::test]
async fn odd_targets_are_counted_too() {
    let (scene, mut client) = Scene::start().await;

    client.send("GET http://test/text?a=b").await;
    client.read_until("some text").await;
    client.send("OPTIONS *").await;
    client.read_until("404 Not Found").await;
    client.send("CONNECT test:443").await;
    client.read_until("404 Not Found").await;

    scene
        .ends_with(&["CONNECT unmatched 404 1", "GET /text 200 1", "OPTIONS unmatched 404 1"], &[])
        .await;
}

/// Answers to HEAD keep their length and have no body; the connection goes on behind them.
#[actix_web::test]
async fn answers_to_head_are_complete() {
    let (scene, mut client) = Scene::start().await;

    client.send("HEAD /text").await;
    let text = client.read_until("\r\n\r\n").await;
    client.send("HEAD /metrics").await;
    let scrape = client.read_until("\r\n\r\n").await;
    client.send("GET /text").await;
    let behind = client.read_until("some text").await;

    assert!(text.contains("\r\ncontent-length: 9\r\n"), "{text}");
    assert!(scrape.contains("\r\ncontent-length: "), "{scrape}");
    assert!(!scrape.contains("\r\ncontent-length: 0\r\n"), "{scrape}");
    assert!(behind.starts_with("HTTP/1.1 200 OK\r\n"), "{behind}");
    scene.ends_with(&["GET /text 200 1", "HEAD /text 200 1"], &[]).await;
}

/// actix-web ends the connection of a panic; the request is counted, and the server goes on.
#[actix_web::test]
async fn a_panic_is_counted_and_the_server_goes_on() {
    let exporter = private_exporter();
    let server = serve(1, &exporter, routes(&gate()));

    for _ in 0..2 {
        let mut client = Client::connect(&server).await;
        client.send("GET /panic/7").await;
        assert_eq!(client.read_to_end().await, "");
    }
    let mut client = Client::connect(&server).await;
    client.send("GET /text").await;
    client.read_until("some text").await;

    assert_counted_soon(
        &exporter,
        &["GET /panic/{id} 500 2", "GET /text 200 1"],
        &["GET /panic/{id} panic 2"],
    )
    .await;
    server.stop(true).await;
}

/// Chunks of a stream reach the client when they are made, and the request is in flight between
/// them.
#[actix_web::test]
async fn a_stream_is_delivered_chunk_by_chunk() {
    let (scene, mut client) = Scene::start().await;

    client.send("GET /ticks/7").await;
    let head = client.read_until("\r\n\r\n").await;
    assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
    for _ in 0..3 {
        // The next event is made only after this one arrived.
        scene.gate.add_permits(1);
        client.read_until("data: tick\n\n").await;
        assert_eq!(series(&scene.exporter, "http_requests_in_flight"), ["GET 1"]);
    }
    assert_eq!(series(&scene.exporter, "http_requests_total"), [""; 0]);
    scene.server.stop(false).await;
}

/// A graceful stop lets requests end, and they are counted as they end.
#[actix_web::test]
async fn a_graceful_stop_counts_what_was_in_flight() {
    let exporter = private_exporter();
    let gate = gate();
    let server = serve(2, &exporter, routes(&gate));
    let mut clients = [Client::connect(&server).await, Client::connect(&server).await];
    for client in &mut clients {
        client.send("GET /wait/7").await;
    }
    wait_for(|| series(&exporter, "http_requests_in_flight") == ["GET 2"]).await;

    let stopping = actix_web::rt::spawn(server.stop(true));
    gate.add_permits(2);
    for client in clients {
        let answer = client.read_to_end().await;
        assert!(answer.ends_with("opened"), "{answer}");
    }
    stopping.await.unwrap();

    assert_counted_soon(&exporter, &["GET /wait/{id} 200 2"], &[]).await;
}

/// A stop at once drops requests, and they are counted as dropped.
#[actix_web::test]
async fn a_stop_at_once_counts_what_was_dropped() {
    let exporter = private_exporter();
    let gate = gate();
    let server = serve(2, &exporter, routes(&gate));
    let mut waiting = Client::connect(&server).await;
    waiting.send("GET /wait/7").await;
    let mut streaming = Client::connect(&server).await;
    streaming.send("GET /ticks/7").await;
    streaming.read_until("\r\n\r\n").await;
    wait_for(|| series(&exporter, "http_requests_in_flight") == ["GET 2"]).await;

    server.stop(false).await;

    assert_counted_soon(
        &exporter,
        &["GET /ticks/{id} 200 1", "GET /wait/{id} 499 1"],
        &["GET /ticks/{id} body_dropped 1", "GET /wait/{id} cancelled 1"],
    )
    .await;
}
