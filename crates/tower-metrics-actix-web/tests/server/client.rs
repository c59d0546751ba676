//! A real server on loopback, and a client that speaks to it byte by byte.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::task::JoinHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tower_metrics_actix_web::Metrics;
use tower_metrics_prometheus::Exporter;

use crate::support::{Books, assert_counted};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server with as many workers as it was started with; each makes its own [`Metrics`].
pub(crate) struct Server {
    /// Where it speaks HTTP/1, and after a preface HTTP/2.
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

/// Starts a server of `routes`, measured into `exporter`.
pub(crate) fn serve(
    workers: usize,
    exporter: &Exporter,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Server {
    start(workers, exporter, routes, HalfClosed::Serve)
}

/// As [`serve`], but a client that stops sending is taken for gone.
pub(crate) fn serve_no_half_closed(
    exporter: &Exporter,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Server {
    start(1, exporter, routes, HalfClosed::Drop)
}

/// What becomes of a connection whose client stopped sending.
#[derive(Clone, Copy, PartialEq)]
enum HalfClosed {
    Serve,
    Drop,
}

fn start(
    workers: usize,
    exporter: &Exporter,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    half_closed: HalfClosed,
) -> Server {
    let exporter = exporter.clone();
    let app = move || App::new().configure(routes.clone()).wrap(Metrics::new(&exporter));
    let server = HttpServer::new(app).workers(workers).disable_signals();
    let server = server.h1_allow_half_closed(half_closed == HalfClosed::Serve);
    let server = server.bind_auto_h2c(("127.0.0.1", 0)).unwrap();
    let address = server.addrs().first().copied().unwrap();
    let server = server.run();
    Server { address, handle: server.handle(), task: actix_web::rt::spawn(server) }
}

impl Server {
    /// Stops, and waits until all workers have; gracefully, or at once.
    pub(crate) async fn stop(self, graceful: bool) {
        self.handle.stop(graceful).await;
        timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }
}

/// Waits until exactly this was counted, and the books balance.
pub(crate) async fn assert_counted_soon(exporter: &Exporter, requests: &[&str], aborted: &[&str]) {
    wait_for(|| {
        let books = Books::of(exporter);
        books.requests == requests && books.aborted == aborted && books.balance()
    })
    .await;
    assert_counted(exporter, requests, aborted);
}

/// Waits until `condition` holds, or until patience is at its end.
pub(crate) async fn wait_for(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() && Instant::now() < deadline {
        sleep(Duration::from_millis(2)).await;
    }
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        Self { stream, received: Vec::new() }
    }

    /// Sends a request without a body for each line, `GET /` or the like, at once.
    pub(crate) async fn send(&mut self, requests: &str) {
        let rest = " HTTP/1.1\r\nHost: test\r\n\r\n";
        let requests: String = requests.lines().flat_map(|line| [line, rest]).collect();
        self.stream.write_all(requests.as_bytes()).await.unwrap();
    }

    /// Reads until `end` is there, and gives back everything up to it; what follows is kept.
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        let end = end.as_bytes();
        loop {
            let found = self.received.windows(end.len()).position(|window| window == end);
            if let Some(position) = found {
                let text = self.received.drain(..position + end.len()).collect();
                return String::from_utf8(text).unwrap();
            }
            let read = self.stream.read_buf(&mut self.received);
            let read = timeout(PATIENCE, read).await.unwrap().unwrap();
            assert_ne!(read, 0, "closed after {:?}", String::from_utf8_lossy(&self.received));
        }
    }

    /// Reads until the server closes, and gives back what came.
    pub(crate) async fn read_to_end(mut self) -> String {
        let read = self.stream.read_to_end(&mut self.received);
        // A reset closes too.
        let _ = timeout(PATIENCE, read).await.unwrap();
        String::from_utf8(self.received).unwrap()
    }

    /// Sends no more, but goes on reading.
    pub(crate) async fn stop_sending(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Goes away without a word, as a client that crashed.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}
