//! Clients that the test can drop in the middle of anything.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::Executor as _;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// The two protocols that a server speaks on one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    /// Without TLS, and without asking first.
    Http2,
}

impl Protocol {
    pub(crate) const BOTH: [Self; 2] = [Self::Http1, Self::Http2];
}

/// A connection; dropping it closes the socket, whatever is under way.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    sender: Sender,
    _tasks: Arc<Tasks>,
}

type Tasks = std::sync::Mutex<JoinSet<()>>;

#[derive(Debug)]
enum Sender {
    // One request at a time.
    Http1(Mutex<http1::SendRequest<Body>>),
    Http2(http2::SendRequest<Body>),
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr, protocol: Protocol) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), protocol).await
    }

    /// Speaks over a socket that is connected already.
    pub(crate) async fn over(stream: TcpStream, protocol: Protocol) -> Self {
        stream.set_nodelay(true).unwrap();
        let address = stream.peer_addr().unwrap();
        let stream = TokioIo::new(stream);
        let tasks = Arc::default();
        let executor = Executor(Arc::downgrade(&tasks));
        let sender = match protocol {
            Protocol::Http1 => {
                let (sender, driver) = http1::handshake(stream).await.unwrap();
                let driver = driver.with_upgrades();
                executor.execute(async { drop(driver.await) });
                Sender::Http1(Mutex::new(sender))
            }
            Protocol::Http2 => {
                let (sender, driver) = http2::handshake(executor.clone(), stream).await.unwrap();
                executor.execute(async { drop(driver.await) });
                Sender::Http2(sender)
            }
        };
        Self { address, sender, _tasks: tasks }
    }

    /// Whether the connection has come to its end.
    pub(crate) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.try_lock().is_ok_and(|sender| sender.is_closed()),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// Sends a request without a body; the answer may still be on its way when its head is here.
    pub(crate) async fn request(&self, method: &str, path: &str) -> Answer {
        self.send(method, path, Body::empty()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Body) -> Answer {
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        self.exchange(request).await
    }

    /// Sends a request of which only the path is addressed; the rest is filled in.
    pub(crate) async fn exchange(&self, mut request: Request<Body>) -> Answer {
        match &self.sender {
            Sender::Http1(sender) => {
                request.headers_mut().insert("host", self.address.to_string().parse().unwrap());
                let mut sender = sender.lock().await;
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Http2(sender) => {
                let uri = format!("http://{}{}", self.address, request.uri());
                *request.uri_mut() = uri.parse().unwrap();
                let mut sender = sender.clone();
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}

/// Spawns what belongs to one connection, to end with it.
///
/// Hyper spawns the part of an HTTP/2 connection that owns the socket.
#[derive(Clone, Debug)]
struct Executor(Weak<Tasks>);

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        if let Some(tasks) = self.0.upgrade() {
            tasks.lock().unwrap().spawn(async { drop(future.await) });
        }
    }
}

/// A response whose body is still to be read, or why there is none.
pub(crate) type Answer = hyper::Result<Response<Incoming>>;

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Whole {
    pub(crate) async fn read(answer: Answer) -> hyper::Result<Self> {
        let answer = answer?;
        let collected = answer.into_body().collect().await?;
        let trailers = collected.trailers().cloned();
        Ok(Self { body: collected.to_bytes(), trailers })
    }
}

/// Connects, and sends these bytes.
pub(crate) async fn raw(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Reads until `end` has come, or the connection is closed; returns all that came.
pub(crate) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut received = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&received);
        if text.contains(end) || stream.read_buf(&mut received).await.unwrap() == 0 {
            return String::from_utf8_lossy(&received).into_owned();
        }
    }
}
