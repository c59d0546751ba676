//! Server-sent events: a stream that pauses, and that mostly its client ends.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Router;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_util::stream;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc::{Sender, channel};

use super::{Client, Counts, Protocol, Server, counted, scrape};

const DURATION: &str = "http_request_duration_seconds";

/// A server of one stream; what is sent is an event.
async fn serve() -> (Sender<u32>, Server) {
    let (sender, receiver) = channel(1);
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(Some(receiver)));
    let events = get(async move || {
        let receiver = receiver.lock().unwrap().take().unwrap();
        Sse::new(stream::unfold(receiver, async |mut receiver| {
            let number: u32 = receiver.recv().await?;
            let event = Event::default().data(number.to_string());
            Some((Ok::<_, Infallible>(event), receiver))
        }))
    });
    (sender, Server::axum(Router::new().route("/events", events)).await)
}

/// Sends an event, and waits until the client has it.
async fn pass_on(number: u32, sender: &Sender<u32>, body: &mut Incoming) {
    sender.send(number).await.unwrap();
    let event = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(event, format!("data: {number}\n\n"));
}

/// Each event is with the client before the next is made, so nothing holds it back.
#[tokio::test]
async fn events_pass_undelayed_and_the_duration_lasts_to_the_end_of_the_stream() {
    for protocol in Protocol::BOTH {
        let (sender, server) = serve().await;
        let client = Client::connect(server.address(), protocol).await;
        let mut body = client.get("/events").await.unwrap().into_body();

        let opened = Instant::now();
        let mut numbers = 0..;
        while opened.elapsed() < Duration::from_millis(100) {
            pass_on(numbers.next().unwrap(), &sender, &mut body).await;
        }
        let open = scrape(server.exporter());
        assert_eq!(open.value("http_requests_in_flight", &[("method", "GET")]), Some(1.0));
        for ended in ["http_requests_total", &format!("{DURATION}_count")] {
            assert_eq!(counted(&open, ended, &["method"]), Counts::new());
        }
        let at_least = opened.elapsed().as_secs_f64();
        drop(sender);
        assert!(body.collect().await.unwrap().to_bytes().is_empty());

        server.assert_counts([("GET /events 200", 1)], []).await;
        let sum = scrape(server.exporter()).sum(&format!("{DURATION}_sum"), &[]).unwrap();
        assert!(sum >= at_least, "{sum} s of {at_least} s");
    }
}

/// The usual end of an event stream is not the end of its body.
#[tokio::test]
async fn a_client_that_leaves_an_event_stream_has_dropped_its_body() {
    for protocol in Protocol::BOTH {
        let (sender, server) = serve().await;
        let client = Client::connect(server.address(), protocol).await;
        let mut body = client.get("/events").await.unwrap().into_body();
        for number in 0..3 {
            pass_on(number, &sender, &mut body).await;
        }
        drop((client, body));

        // The handler could go on for ever.
        sender.closed().await;
        let aborted = [("GET /events body_dropped", 1)];
        server.assert_counts([("GET /events 200", 1)], aborted).await;
    }
}
