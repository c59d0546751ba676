//! What most tests begin and end with: one client of one server, and what was counted.

use tower_metrics_prometheus::Exporter;

use crate::client::{Client, Server, assert_counted_soon, serve, serve_no_half_closed, wait_for};
use crate::routes::{Gate, gate, routes};
use crate::support::{private_exporter, series};

/// A server with one worker, and the gate and the exporter of its routes.
pub(crate) struct Scene {
    pub(crate) exporter: Exporter,
    pub(crate) gate: Gate,
    pub(crate) server: Server,
}

impl Scene {
    /// Starts the server, and connects a client.
    pub(crate) async fn start() -> (Self, Client) {
        let (exporter, gate) = (private_exporter(), gate());
        let server = serve(1, &exporter, routes(&gate));
        Self { exporter, gate, server }.connected().await
    }

    /// As [`start`](Self::start), but a client that stops sending is taken for gone.
    pub(crate) async fn start_no_half_closed() -> (Self, Client) {
        let (exporter, gate) = (private_exporter(), gate());
        let server = serve_no_half_closed(&exporter, routes(&gate));
        Self { exporter, gate, server }.connected().await
    }

    async fn connected(self) -> (Self, Client) {
        let client = Client::connect(&self.server).await;
        (self, client)
    }

    /// Waits until a request is in flight.
    pub(crate) async fn has_begun(&self) {
        wait_for(|| series(&self.exporter, "http_requests_in_flight") == ["GET 1"]).await;
    }

    /// Waits until exactly this was counted, and stops the server.
    pub(crate) async fn ends_with(self, requests: &[&str], aborted: &[&str]) {
        assert_counted_soon(&self.exporter, requests, aborted).await;
        self.server.stop(true).await;
    }
}
