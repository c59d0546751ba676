//! The example service, as the tests see it from outside: two programs that are one service.

use std::time::Duration;

use serde_json::{Value, json};
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::http::{self, Response};
use tower_metrics_tests::poll::wait_until;
use tower_metrics_tests::process::Process;
use tower_metrics_tests::{Error, binary};

/// The endpoint label of a prediction.
pub(crate) const PREDICT: &str = "/predict/{model_name}";

/// Long enough for anything on a busy machine, so that only a hang meets it.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// How the address begins in what the service prints.
const URL: &str = "http://127.0.0.1:";

/// The framework that the service is made with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Framework {
    Axum,
    ActixWeb,
}

impl Framework {
    /// The package, and so the program, of the service.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Axum => "inference-service",
            Self::ActixWeb => "inference-service-actix",
        }
    }
}

/// Makes two tests of each function named: whatever the framework, the service does the same.
macro_rules! for_each_framework {
    ($($test:ident),+ $(,)?) => {
        mod on_axum {
            $(#[tokio::test]
            async fn $test() {
                super::$test($crate::service::Framework::Axum).await;
            })+
        }
        mod on_actix_web {
            $(#[tokio::test]
            async fn $test() {
                super::$test($crate::service::Framework::ActixWeb).await;
            })+
        }
    };
}
pub(crate) use for_each_framework;

/// A running service, ended with the test.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) process: Process,
    port: String,
}

impl Service {
    /// Starts the service on a free port, with these arguments besides.
    pub(crate) async fn start(framework: Framework, arguments: &[&str]) -> Result<Self, Error> {
        let arguments = [&["--listen", "127.0.0.1:0"], arguments].concat();
        Self::of(binary::start(framework.package(), &arguments)?).await
    }

    /// Waits until this process, which is the service, says where it listens.
    pub(crate) async fn of(process: Process) -> Result<Self, Error> {
        let line = process.wait_for_line(|line| line.contains(URL), SOON).await?;
        let after = line.split(URL).nth(1).unwrap_or_default();
        let port = after.chars().take_while(char::is_ascii_digit).collect();
        Ok(Self { process, port })
    }

    /// The address without a scheme, as Prometheus wants it.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{URL}{}{path}", self.port)
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Response, Error> {
        http::get(&self.url(path)).await
    }

    pub(crate) async fn predict(&self, model: &str, body: &Value) -> Result<Response, Error> {
        http::post_json(&self.url(&format!("/predict/{model}")), body).await
    }

    /// Waits until this many requests were counted and none is in flight.
    ///
    /// A client may have its whole answer a moment before the service has counted it. And a scrape
    /// takes its time: what it read before the last request ended, the next one reads again.
    pub(crate) async fn settled(&self, requests: u32) -> Result<Exposition, Error> {
        self.scrape_until(&format!("rest after {requests} requests"), |scrape| {
            scrape.sum("http_requests_total", &[]) >= Some(f64::from(requests))
                && in_flight(scrape) < 0.5
        })
        .await?;
        Exposition::scrape(&self.url("/metrics")).await
    }

    /// Waits until a request is in flight.
    pub(crate) async fn busy(&self) -> Result<(), Error> {
        self.scrape_until("request in flight", |scrape| in_flight(scrape) > 0.5).await.map(|_| ())
    }

    /// Waits until a scrape is as wanted.
    pub(crate) async fn scrape_until(
        &self,
        what: &str,
        holds: impl Fn(&Exposition) -> bool,
    ) -> Result<Exposition, Error> {
        wait_until(what, SOON, async || match Exposition::scrape(&self.url("/metrics")).await {
            Ok(scrape) => holds(&scrape).then_some(Ok(scrape)),
            error => Some(error),
        })
        .await?
    }
}

/// The body of a prediction that succeeds after a while.
pub(crate) fn input_taking(delay_ms: u64) -> Value {
    json!({ "input": "a photo of a cat", "delay_ms": delay_ms, "fail": false })
}

fn in_flight(scrape: &Exposition) -> f64 {
    scrape.sum("http_requests_in_flight", &[]).unwrap_or(0.0)
}
