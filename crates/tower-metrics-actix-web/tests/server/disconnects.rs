//! Connections that end in the middle of something.

use crate::scene::Scene;

/// A client that goes away while the handler works leaves a 499 under its route.
#[actix_web::test]
async fn a_client_that_leaves_a_waiting_handler_is_cancelled() {
    let (scene, mut client) = Scene::start().await;

    client.send("GET /wait/7").await;
    scene.has_begun().await;
    client.reset();

    scene.ends_with(&["GET /wait/{id} 499 1"], &["GET /wait/{id} cancelled 1"]).await;
}

/// A client that goes away between two chunks leaves a body that was dropped, though the body has
/// nothing more to say.
#[actix_web::test]
async fn a_client_that_leaves_a_stream_drops_its_body() {
    let (scene, mut client) = Scene::start().await;

    client.send("GET /ticks/7").await;
    scene.gate.add_permits(1);
    client.read_until("data: tick\n\n").await;
    client.reset();

    scene.ends_with(&["GET /ticks/{id} 200 1"], &["GET /ticks/{id} body_dropped 1"]).await;
}

/// A client that only stops sending still waits for its answer, and gets it.
#[actix_web::test]
async fn a_client_that_stops_sending_still_gets_its_answer() {
    let (scene, mut client) = Scene::start().await;

    client.send("GET /wait/7").await;
    client.stop_sending().await;
    scene.has_begun().await;
    scene.gate.add_permits(1);
    let answer = client.read_to_end().await;

    assert!(answer.ends_with("opened"), "{answer}");
    scene.ends_with(&["GET /wait/{id} 200 1"], &[]).await;
}

/// Where the server takes such a client for gone, its request is cancelled.
#[actix_web::test]
async fn a_client_that_closes_can_be_taken_for_gone() {
    let (scene, mut client) = Scene::start_no_half_closed().await;

    client.send("GET /wait/7").await;
    scene.has_begun().await;
    client.stop_sending().await;

    scene.ends_with(&["GET /wait/{id} 499 1"], &["GET /wait/{id} cancelled 1"]).await;
}

/// Requests behind the one that a client left are never begun, and so not counted.
#[actix_web::test]
async fn requests_that_were_never_begun_are_not_counted() {
    let (scene, mut client) = Scene::start().await;

    client.send("GET /wait/7\nGET /text").await;
    scene.has_begun().await;
    client.reset();

    scene.ends_with(&["GET /wait/{id} 499 1"], &["GET /wait/{id} cancelled 1"]).await;
}

/// A body that breaks off ends the connection without an end of the body, so that the client
/// knows.
#[actix_web::test]
async fn a_body_that_fails_breaks_the_connection_off() {
    let (scene, mut client) = Scene::start().await;

    client.send("GET /fails/7").await;
    let answer = client.read_to_end().await;

    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
    scene.ends_with(&["GET /fails/{id} 200 1"], &["GET /fails/{id} body_error 1"]).await;
}
