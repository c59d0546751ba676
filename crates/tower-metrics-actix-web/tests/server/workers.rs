//! Each worker has an app and a `Metrics` of its own; what they count is one account.

use std::collections::HashSet;

use actix_web::web::{self, ServiceConfig};

use crate::client::{Client, assert_counted_soon, serve, wait_for};
use crate::routes::{gate, routes};
use crate::support::{private_exporter, series};

/// Counts of three workers add up, and so does what is in flight on them.
#[actix_web::test]
async fn counts_add_up_over_the_workers() {
    let exporter = private_exporter();
    let gate = gate();
    let server = serve(3, &exporter, routes(&gate));

    let mut clients = Vec::new();
    let mut workers = HashSet::new();
    for _ in 0..6 {
        let mut client = Client::connect(&server).await;
        client.send("GET /worker").await;
        client.read_until("\r\n\r\n").await;
        workers.insert(client.read_until(")").await);
        client.send("GET /wait/7").await;
        clients.push(client);
    }
    assert_eq!(workers.len(), 3, "{workers:?}");
    wait_for(|| series(&exporter, "http_requests_in_flight") == ["GET 6"]).await;
    assert_eq!(series(&exporter, "http_requests_in_flight"), ["GET 6"]);

    gate.add_permits(6);
    for client in &mut clients {
        client.read_until("opened").await;
    }
    assert_counted_soon(&exporter, &["GET /wait/{id} 200 6", "GET /worker 200 6"], &[]).await;
    server.stop(true).await;
}

/// The limit of endpoints is one for the server, not one for each worker: the first thousand keep
/// their names, whichever worker sees them.
#[actix_web::test]
async fn the_limit_of_endpoints_is_shared_by_the_workers() {
    const ROUTES: usize = 1_003;
    let routes = |config: &mut ServiceConfig| {
        for n in 0..ROUTES {
            config.route(&format!("/{n}"), web::get().to(async || "hello"));
        }
    };
    let exporter = private_exporter();
    let server = serve(3, &exporter, routes);

    for part in 0..3 {
        let mut client = Client::connect(&server).await;
        for n in (part..ROUTES).step_by(3) {
            client.send(&format!("GET /{n}")).await;
            client.read_until("hello").await;
        }
    }

    let requests = || series(&exporter, "http_requests_total");
    wait_for(|| requests().last().is_some_and(|last| last == "GET other 200 3")).await;
    assert_eq!(requests().last().unwrap(), "GET other 200 3");
    assert_eq!(requests().len(), 1_001);
    assert_eq!(series(&exporter, "tower_metrics_label_overflow_total"), ["endpoint 3"]);
    server.stop(true).await;
}

/// Every worker answers scrapes for all of them.
#[actix_web::test]
async fn a_scrape_of_any_worker_shows_all() {
    let exporter = private_exporter();
    let server = serve(3, &exporter, routes(&gate()));

    for _ in 0..3 {
        let mut client = Client::connect(&server).await;
        client.send("GET /text").await;
        client.read_until("some text").await;
    }
    assert_counted_soon(&exporter, &["GET /text 200 3"], &[]).await;

    for _ in 0..3 {
        let mut client = Client::connect(&server).await;
        client.send("GET /metrics").await;
        client.read_until(r#"{method="GET",endpoint="/text",status_code="200"} 3"#).await;
    }
    server.stop(true).await;
}
