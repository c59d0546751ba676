//! Connections that end in the middle of something.

use crate::client::{Client, assert_counted_soon, serve, serve_no_half_closed, wait_for};
use crate::routes::{gate, routes};
use crate::support::{private_exporter, series};

/// A client that goes away while the handler works leaves a 499 under its route.
#[actix_web::test]
async fn a_client_that_leaves_a_waiting_handler_is_cancelled() {
    let exporter = private_exporter();
    let server = serve(1, &exporter, routes(&gate()));
    let mut client = Client::connect(&server).await;

    client.send("GET /wait/7").await;
    wait_for(|| series(&exporter, "http_requests_in_flight") == ["GET 1"]).await;
    client.reset();

    assert_counted_soon(&exporter, &["GET /wait/{id} 499 1"], &["GET /wait/{id} cancelled 1"])
        .await;
    server.stop(true).await;
}

/// A client that goes away between two chunks leaves a body that was dropped, though the body has
/// nothing more to say.
#[actix_web::test]
async fn a_client_that_leaves_a_stream_drops_its_body() {
    let exporter = private_exporter();
    let gate = gate();
    let server = serve(1, &exporter, routes(&gate));
    let mut client = Client::connect(&server).await;

    client.send("GET /ticks/7").await;
    gate.add_permits(1);
    client.read_until("data: tick\n\n").await;
    client.reset();

    assert_counted_soon(&exporter, &["GET /ticks/{id} 200 1"], &["GET /ticks/{id} body_dropped 1"])
        .await;
    server.stop(true).await;
}

/// A client that only stops sending still waits for its answer, and gets it.
#[actix_web::test]
async fn a_client_that_stops_sending_still_gets_its_answer() {
    let exporter = private_exporter();
    let gate = gate();
    let server = serve(1, &exporter, routes(&gate));
    let mut client = Client::connect(&server).await;

    client.send("GET /wait/7").await;
    client.stop_sending().await;
    wait_for(|| series(&exporter, "http_requests_in_flight") == ["GET 1"]).await;
    gate.add_permits(1);
    let answer = client.read_to_end().await;

    assert!(answer.ends_with("opened"), "{answer}");
    assert_counted_soon(&exporter, &["GET /wait/{id} 200 1"], &[]).await;
    server.stop(true).await;
}

/// Where the server takes such a client for gone, its request is cancelled.
#[actix_web::test]
async fn a_client_that_closes_can_be_taken_for_gone() {
    let exporter = private_exporter();
    let server = serve_no_half_closed(&exporter, routes(&gate()));
    let mut client = Client::connect(&server).await;

    client.send("GET /wait/7").await;
    wait_for(|| series(&exporter, "http_requests_in_flight") == ["GET 1"]).await;
    client.stop_sending().await;

    assert_counted_soon(&exporter, &["GET /wait/{id} 499 1"], &["GET /wait/{id} cancelled 1"])
        .await;
    server.stop(true).await;
}

/// Requests behind the one that a client left are never begun, and so not counted.
#[actix_web::test]
async fn requests_that_were_never_begun_are_not_counted() {
    let exporter = private_exporter();
    let server = serve(1, &exporter, routes(&gate()));
    let mut client = Client::connect(&server).await;

    client.send("GET /wait/7\nGET /text").await;
    wait_for(|| series(&exporter, "http_requests_in_flight") == ["GET 1"]).await;
    client.reset();

    assert_counted_soon(&exporter, &["GET /wait/{id} 499 1"], &["GET /wait/{id} cancelled 1"])
        .await;
    server.stop(true).await;
}

/// A body that breaks off ends the connection without an end of the body, so that the client
/// knows.
#[actix_web::test]
async fn a_body_that_fails_breaks_the_connection_off() {
    let exporter = private_exporter();
    let server = serve(1, &exporter, routes(&gate()));
    let mut client = Client::connect(&server).await;

    client.send("GET /fails/7").await;
    let answer = client.read_to_end().await;

    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
    assert_counted_soon(&exporter, &["GET /fails/{id} 200 1"], &["GET /fails/{id} body_error 1"])
        .await;
    server.stop(true).await;
}
