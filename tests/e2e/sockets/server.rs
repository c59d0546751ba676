//! Servers on loopback that end with the test.

use std::net::SocketAddr;

use axum::Router;
use axum::body::HttpBody;
use axum::serve::ListenerExt as _;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::{BoxError, Service};
use tower_metrics::axum::RouterExt as _;
use tower_metrics::{Exporter, MetricsLayer};

use super::assert_counts;

/// An exporter of the test's own.
pub(crate) fn private_exporter() -> Exporter {
    Exporter::builder().build().unwrap()
}

/// What [`RouterExt::with_metrics`] adds, for applications with layers further out.
pub(crate) fn layer(exporter: &Exporter) -> MetricsLayer {
    tower_metrics::axum::builder().with_recorder(exporter.recorder()).build().unwrap()
}

/// A running server, and what it measured.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    exporter: Exporter,
    // What still runs is aborted when this is dropped.
    tasks: JoinSet<()>,
}

impl Server {
    /// Serves an application as most are, measured in one line.
    pub(crate) async fn axum(app: Router) -> Self {
        let exporter = private_exporter();
        let app = app.with_metrics(&exporter);
        Self::measured_axum(exporter, app).await
    }

    /// Serves an application that is measured already.
    pub(crate) async fn measured_axum(exporter: Exporter, app: Router) -> Self {
        Self::start(exporter, |listener| async {
            let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
            axum::serve(listener, app).await.unwrap();
        })
        .await
    }

    /// Serves a service that is measured already, with nothing but hyper.
    pub(crate) async fn hyper<S, B>(exporter: Exporter, service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
        B: HttpBody<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::start(exporter, |listener| async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let service = TowerToHyperService::new(service.clone());
                connections.spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let stream = TokioIo::new(stream);
                    // A client that leaves is an error here.
                    let _ = server.serve_connection_with_upgrades(stream, service).await;
                });
            }
        })
        .await
    }

    /// Serves on a free port in any way.
    pub(crate) async fn start<F>(exporter: Exporter, serve: impl FnOnce(TcpListener) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener));
        Self { address, exporter, tasks }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn exporter(&self) -> &Exporter {
        &self.exporter
    }

    /// Waits until the server has ended by itself.
    pub(crate) async fn ended(&mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }

    /// Ends the server at once, whatever it is doing.
    pub(crate) async fn abort(&mut self) {
        self.tasks.shutdown().await;
    }

    /// Waits until these requests, and no others, have ended: `"method endpoint status"` and
    /// `"method endpoint reason"`, each with its count.
    pub(crate) async fn assert_counts<const R: usize, const A: usize>(
        &self,
        requests: [(&str, u32); R],
        aborted: [(&str, u32); A],
    ) {
        let counts = |pairs: &[(&str, u32)]| {
            pairs.iter().map(|(key, count)| ((*key).to_owned(), f64::from(*count))).collect()
        };
        assert_counts(&self.exporter, &counts(&requests), &counts(&aborted)).await;
    }
}
