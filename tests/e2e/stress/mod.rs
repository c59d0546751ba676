//! Thousands of requests that end in every way, and an account of them that must agree.

mod actix_web;
mod axum;
mod bodies;
mod clients;
mod tally;

use std::time::Duration;

use tokio::task::JoinSet;
use tower_metrics::Exporter;
use tower_metrics_tests::poll::wait_until;

use self::clients::Visitor;
use self::tally::{Books, Tally};
use crate::service::SOON;
use crate::sockets::{Counts, Protocol, Server, assert_counts, scrape};

const REQUESTS: u32 = 20_000;
const CLIENTS: u64 = 64;

/// More requests than can be in flight at once: eight from each client.
const MANY: f64 = 512.0;

/// The metrics agree on every count with the account that the handlers' side kept, which agrees
/// with what the clients saw.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_every_request_to_axum_is_counted_once_as_what_it_was() {
    let tally = Tally::default();
    assert_agreement(axum::serve(&tally).await, &tally).await;
}

/// The same on actix-web, with several workers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_request_to_actix_web_is_counted_once_as_what_it_was() {
    let tally = Tally::default();
    assert_agreement(actix_web::serve(&tally).await, &tally).await;
}

async fn assert_agreement(mut server: Server, tally: &Tally) {
    let mut clients = JoinSet::new();
    for seed in 0..CLIENTS {
        let protocol = if seed % 2 == 0 { Protocol::Http1 } else { Protocol::Http2 };
        let visitor = Visitor::new(server.address(), protocol, seed);
        clients.spawn(visit(visitor, tally.clone()));
    }
    watch(server.exporter(), tally).await;
    let answers = clients.join_all().await;

    let ended = wait_until("end of the last request", SOON, async || {
        Some(tally.read()).filter(|books| books.arrived == books.ended)
    });
    let books = ended.await.unwrap();
    assert_counts(server.exporter(), &books.requests, &books.aborted).await;
    assert_covers(&books, &answers);
    server.abort().await;
}

async fn visit(mut visitor: Visitor, tally: Tally) -> Counts {
    let has_enough = || tally.arrived() >= REQUESTS;
    while !has_enough() {
        visitor.use_connection(has_enough).await;
    }
    visitor.into_answers()
}

/// Looks at the metrics until enough requests have arrived: they are never ahead of the server.
async fn watch(exporter: &Exporter, tally: &Tally) {
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    while tally.arrived() < REQUESTS {
        let scrape = scrape(exporter);
        let ended = scrape.sum("http_requests_total", &[]).unwrap_or_default();
        assert!(ended <= f64::from(tally.arrived()), "{ended} requests have ended");
        let in_flight = scrape.sum("http_requests_in_flight", &[]).unwrap_or_default();
        assert!((0.0..MANY).contains(&in_flight), "{in_flight} requests in flight");
        pace.tick().await;
    }
}

/// Checks that there was some of everything, and that no answer that a client has read to its end
/// counts as aborted.
fn assert_covers(books: &Books, answers: &[Counts]) {
    for reason in ["cancelled", "body_dropped", "body_error", "panic"] {
        let of_reason = books.aborted.iter().filter(|(key, _)| key.ends_with(reason));
        let count: f64 = of_reason.map(|(_, count)| count).sum();
        assert!(count > 100.0, "{count} {reason}");
    }
    let requests = by_endpoint(&books.requests);
    let aborted = by_endpoint(&books.aborted);
    let mut read = Counts::new();
    for (target, count) in answers.iter().flatten() {
        *read.entry(target.clone()).or_default() += count;
    }
    for (target, read) in read {
        let complete = requests.get(&target).unwrap() - aborted.get(&target).unwrap_or(&0.0);
        assert!(read <= complete, "{target}: {read} of {complete}");
    }
}

/// Adds up what differs only in the last value.
fn by_endpoint(counts: &Counts) -> Counts {
    let mut sums = Counts::new();
    for (key, count) in counts {
        let (target, _) = key.rsplit_once(' ').unwrap();
        *sums.entry(target.to_owned()).or_default() += count;
    }
    sums
}
