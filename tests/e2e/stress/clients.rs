//! Clients that leave at random moments.

use std::net::SocketAddr;

use axum::body::Body;
use fastrand::Rng;
use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use tokio::net::TcpStream;
use tokio::task::yield_now;

use super::bodies::chunks;
use crate::sockets::{Client, Counts, Protocol};

/// What there is to ask for: the endpoint label, where `{times}` becomes a number in the path.
const REQUESTS: [&str; 14] = [
    "GET /now",
    "HEAD /now",
    "DELETE /now",
    "GET /empty",
    "GET /nothing",
    "GET /later/{times}",
    "GET /stream/{times}",
    "HEAD /stream/{times}",
    "GET /sized/{times}",
    "GET /fails/{times}",
    "GET /panics",
    "GET /panics/{times}",
    "POST /echo",
    "GET unmatched",
];

/// What has no end.
const ENDLESS: [&str; 2] = ["GET /never", "GET /endless"];

/// How many requests have a client that may leave; some leave too late, some too early.
const IMPATIENT: f64 = 0.5;

/// How many batches of HTTP/2 requests may lose their connection.
const LOST: f64 = 0.05;

/// One client, and what it got.
#[derive(Debug)]
pub(super) struct Visitor {
    address: SocketAddr,
    protocol: Protocol,
    random: Rng,
    answers: Counts,
}

/// One request.
#[derive(Debug)]
struct Visit {
    target: &'static str,
    times: usize,
    /// After how many looks the client leaves.
    patience: Option<usize>,
}

impl Visitor {
    pub(super) fn new(address: SocketAddr, protocol: Protocol, seed: u64) -> Self {
        let random = Rng::with_seed(seed);
        Self { address, protocol, random, answers: Counts::new() }
    }

    /// Sends requests, over HTTP/2 several at a time, until the connection is no longer of use.
    pub(super) async fn use_connection(&mut self, has_enough: impl Fn() -> bool) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        if self.random.bool() {
            stream.set_zero_linger().unwrap();
        }
        let client = Client::over(stream, self.protocol).await;
        while !has_enough() {
            let visits = self.visits();
            let paid = join_all(visits.iter().map(|visit| visit.pay(&client)));
            let is_lost = self.protocol == Protocol::Http2 && self.chance(LOST);
            let loss = if is_lost { self.patience() } else { usize::MAX };
            let outcomes = tokio::select! {
                outcomes = paid => outcomes,
                () = lose_patience(loss) => return,
            };
            for (visit, _) in visits.iter().zip(&outcomes).filter(|(_, is_whole)| **is_whole) {
                *self.answers.entry(visit.target.to_owned()).or_default() += 1.0;
            }
            // Over HTTP/1.1 the only way to leave a request is to leave the connection.
            let is_left = self.protocol == Protocol::Http1 && outcomes.contains(&false);
            if is_left || client.is_closed() {
                return;
            }
        }
    }

    /// The answers that were read to their end, by method and endpoint.
    pub(super) fn into_answers(self) -> Counts {
        self.answers
    }

    fn visits(&mut self) -> Vec<Visit> {
        let count = match self.protocol {
            Protocol::Http1 => 1,
            Protocol::Http2 => self.random.usize(1..=8),
        };
        (0..count).map(|_| self.visit()).collect()
    }

    fn visit(&mut self) -> Visit {
        if self.chance(IMPATIENT) {
            let mut targets = REQUESTS.to_vec();
            targets.extend([ENDLESS; 4].as_flattened());
            Visit {
                target: self.random.choice(targets).unwrap(),
                times: self.random.usize(0..100),
                patience: Some(self.patience()),
            }
        } else {
            let target = self.random.choice(REQUESTS).unwrap();
            Visit { target, times: self.random.usize(0..10), patience: None }
        }
    }

    /// Mostly little, sometimes much.
    fn patience(&mut self) -> usize {
        let order = self.random.u32(0..8);
        self.random.usize(0..1 << order)
    }

    fn chance(&mut self, chance: f64) -> bool {
        self.random.f64() < chance
    }
}

impl Visit {
    /// Returns whether the whole answer came.
    async fn pay(&self, client: &Client) -> bool {
        tokio::select! {
            is_whole = self.wait(client) => is_whole,
            () = lose_patience(self.patience.unwrap_or(usize::MAX)) => false,
        }
    }

    async fn wait(&self, client: &Client) -> bool {
        let (method, endpoint) = self.target.split_once(' ').unwrap();
        let path = match endpoint {
            "unmatched" => format!("/missing/{}", self.times),
            _ => endpoint.replace("{times}", &self.times.to_string()),
        };
        let upload =
            if method == "POST" { Body::from_stream(chunks(self.times)) } else { Body::empty() };
        match client.send(method, &path, upload).await {
            Ok(answer) => answer.into_body().collect().await.is_ok(),
            Err(_) => false,
        }
    }
}

async fn lose_patience(patience: usize) {
    for _ in 0..patience {
        yield_now().await;
    }
}
