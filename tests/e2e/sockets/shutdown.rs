//! Servers that end while requests are in flight.

use std::net::SocketAddr;

use axum::Router;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::channel::Sender;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::BoxError;
use tower_metrics::axum::RouterExt as _;
use tower_metrics_tests::poll::wait_until;

use super::client::Whole;
use super::{Client, Gate, Protocol, Server, private_exporter, scripted};
use crate::service::SOON;

/// What the test tells the handlers of [`app`].
struct Script {
    gate: Gate,
    stream: Sender<Bytes, BoxError>,
}

/// One route that waits before the head, and one that waits in the body.
fn app() -> (Script, Router) {
    let gate = Gate::closed();
    let (stream, route) = scripted();
    let app = Router::new().route("/wait", gate.route()).route("/stream", route);
    (Script { gate, stream }, app)
}

/// A request that waits for its head, one that waits for its body, and a script that ends them.
struct InFlight {
    script: Script,
    waiting: JoinHandle<hyper::Result<Whole>>,
    body: Incoming,
    // Keeps the connection of the body.
    _client: Client,
}

impl InFlight {
    async fn new(address: SocketAddr, protocol: Protocol, mut script: Script) -> Self {
        let client = Client::connect(address, protocol).await;
        let waiting = tokio::spawn(async move { Whole::read(client.get("/wait").await).await });
        script.gate.arrival().await;

        let client = Client::connect(address, protocol).await;
        let mut body = client.get("/stream").await.unwrap().into_body();
        script.stream.send_data("part".into()).await.unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "part");
        Self { script, waiting, body, _client: client }
    }

    /// Goes on as if the server were not about to end.
    async fn finish(mut self) {
        self.script.gate.open();
        assert_eq!(self.waiting.await.unwrap().unwrap().body, "passed");
        self.script.stream.send_data("rest".into()).await.unwrap();
        drop(self.script);
        assert_eq!(self.body.collect().await.unwrap().to_bytes(), "rest");
    }

    /// Finds that nobody answers any more.
    async fn fail(self) {
        assert!(self.waiting.await.unwrap().is_err());
        assert!(self.body.collect().await.is_err());
    }
}

async fn assert_both_finish(
    mut server: Server,
    protocol: Protocol,
    script: Script,
    stop: oneshot::Sender<()>,
) {
    let in_flight = InFlight::new(server.address(), protocol, script).await;
    stop.send(()).unwrap();
    let refused =
        wait_until("refusal", SOON, async || TcpStream::connect(server.address()).await.err());
    refused.await.unwrap();
    in_flight.finish().await;
    server.ended().await;
    server.assert_counts([("GET /stream 200", 1), ("GET /wait 200", 1)], []).await;
}

async fn assert_both_are_aborted(server: &Server) {
    let requests = [("GET /stream 200", 1), ("GET /wait 499", 1)];
    let aborted = [("GET /stream body_dropped", 1), ("GET /wait cancelled", 1)];
    server.assert_counts(requests, aborted).await;
}

/// A rolling update costs no request its answer, and the last ones are counted.
#[tokio::test]
async fn requests_finish_while_axum_shuts_down() {
    for protocol in Protocol::BOTH {
        let (script, app) = app();
        let (stop, stopped) = oneshot::channel();
        let exporter = private_exporter();
        let app = app.with_metrics(&exporter);
        let server = Server::start(exporter, |listener| async {
            let stopped = async { stopped.await.unwrap() };
            axum::serve(listener, app).with_graceful_shutdown(stopped).await.unwrap();
        });
        assert_both_finish(server.await, protocol, script, stop).await;
    }
}

/// The same with hyper's own means.
#[tokio::test]
async fn requests_finish_while_hyper_shuts_down() {
    for protocol in Protocol::BOTH {
        let (script, app) = app();
        let (stop, stopped) = oneshot::channel();
        let exporter = private_exporter();
        let app = app.with_metrics(&exporter);
        let server = Server::start(exporter, |listener| serve_gracefully(listener, app, stopped));
        assert_both_finish(server.await, protocol, script, stop).await;
    }
}

async fn serve_gracefully(listener: TcpListener, app: Router, mut stop: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let accept = async || {
        let (stream, _) = listener.accept().await.unwrap();
        let server = auto::Builder::new(TokioExecutor::new());
        let service = TowerToHyperService::new(app.clone());
        let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service);
        tokio::spawn(graceful.watch(connection.into_owned()));
    };
    loop {
        tokio::select! {
            () = accept() => {}
            _ = &mut stop => break,
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Who does not wait for the requests drops them, and they are counted as what they are.
#[tokio::test]
async fn requests_are_aborted_with_their_connections() {
    for protocol in Protocol::BOTH {
        let (script, app) = app();
        let exporter = private_exporter();
        let app = app.with_metrics(&exporter);
        let mut server = Server::hyper(exporter, app).await;
        let in_flight = InFlight::new(server.address(), protocol, script).await;
        server.abort().await;
        assert_both_are_aborted(&server).await;
        in_flight.fail().await;
    }
}

/// Nothing is left in flight when the threads that served it are gone.
#[tokio::test]
async fn requests_are_aborted_with_their_runtime() {
    for protocol in Protocol::BOTH {
        let (script, app) = app();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.spawn(Server::axum(app)).await.unwrap();
        let in_flight = InFlight::new(server.address(), protocol, script).await;
        runtime.shutdown_background();
        assert_both_are_aborted(&server).await;
        in_flight.fail().await;
    }
}
