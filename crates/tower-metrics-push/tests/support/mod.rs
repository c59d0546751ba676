//! A gateway that does what it is told.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]
#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(clippy::allow_attributes, reason = "an expectation would fail where all is used")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tower_metrics_prometheus::Exporter;
use tower_metrics_push::PushGateway;

const SOON: Duration = Duration::from_secs(60);

pub(crate) const OK: Step = Step::Answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");

/// What the gateway does with a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Reads the request, writes this, and closes.
    Answer(&'static str),
    /// Reads the request, writes this, then `x` for as long as somebody reads.
    Flood(&'static str),
    /// Reads the request, writes this, and keeps the connection.
    Stall(&'static str),
    /// Resets the connection in the middle of the request.
    Reset,
    /// Reads the request, and closes.
    Close,
}

/// A request that came.
#[derive(Debug)]
pub(crate) struct Request {
    /// The first line and the headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    /// The first line, without the version.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A gateway that does one step a connection, and the last one again and again.
pub(crate) struct Scripted {
    address: SocketAddr,
    requests: Receiver<Request>,
    closed: Receiver<()>,
    is_stopped: Arc<AtomicBool>,
    stalled: Arc<Mutex<Vec<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    pub(crate) fn start(steps: &[Step]) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), steps)
    }

    pub(crate) fn listen(listener: TcpListener, steps: &[Step]) -> Self {
        let address = listener.local_addr().unwrap();
        let (arrived, requests) = mpsc::channel();
        let (was_closed, closed) = mpsc::channel();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stalled = Arc::new(Mutex::new(Vec::new()));
        let (stop, keep, steps) = (Arc::clone(&is_stopped), Arc::clone(&stalled), steps.to_vec());
        let thread = thread::spawn(move || {
            let mut steps = steps.iter().copied().peekable();
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let step = *steps.peek().unwrap();
                if steps.len() > 1 {
                    steps.next();
                }
                // A client that goes away meanwhile is what some tests are about.
                let _ = serve(stream.unwrap(), step, &arrived, &keep, &was_closed);
            }
        });
        Self { address, requests, closed, is_stopped, stalled, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A gateway at this address, which is tried again at once.
    pub(crate) fn gateway(&self) -> PushGateway {
        gateway_at(self.address)
    }

    /// The next request, waited for.
    pub(crate) fn request(&self) -> Request {
        self.requests.recv_timeout(SOON).unwrap()
    }

    /// The requests that came and were not looked at.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// Answers a request that [stalls](Step::Stall).
    pub(crate) fn answer_stalled(&self, text: &str) {
        self.stalled.lock().unwrap().remove(0).write_all(text.as_bytes()).unwrap();
    }

    /// Whether a client closes a connection that [stalls](Step::Stall), in a moment.
    pub(crate) fn closes_soon(&self) -> bool {
        self.closed.recv_timeout(Duration::from_millis(50)).is_ok()
    }

    /// Whether another request comes, in a moment.
    pub(crate) fn receives_soon(&self) -> bool {
        self.requests.recv_timeout(Duration::from_millis(50)).is_ok()
    }

    /// Waits until a client has closed a connection that [stalls](Step::Stall).
    pub(crate) fn closed(&self) {
        self.closed.recv_timeout(SOON).unwrap();
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.stalled.lock().unwrap().clear();
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(
    mut stream: TcpStream,
    step: Step,
    arrived: &Sender<Request>,
    stalled: &Mutex<Vec<TcpStream>>,
    closed: &Sender<()>,
) -> io::Result<()> {
    if matches!(step, Step::Reset) {
        // What is closed before it was read to its end is reset.
        return stream.read_exact(&mut [0]);
    }
    let request = read(&mut stream)?;
    let _ = arrived.send(request);
    match step {
        Step::Answer(text) => stream.write_all(text.as_bytes()),
        Step::Flood(head) => {
            stream.write_all(head.as_bytes())?;
            loop {
                stream.write_all(&[b'x'; 4096])?;
            }
        }
        Step::Stall(text) => {
            stream.write_all(text.as_bytes())?;
            stalled.lock().unwrap().push(stream.try_clone()?);
            let closed = closed.clone();
            thread::spawn(move || {
                let _ = stream.read(&mut [0]);
                let _ = closed.send(());
            });
            Ok(())
        }
        Step::Reset | Step::Close => Ok(()),
    }
}

/// Reads a request to its end.
pub(crate) fn read(stream: &mut impl Read) -> io::Result<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let mut request = Request { head: String::from_utf8(head).unwrap(), body: String::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    request.body = String::from_utf8(body).unwrap();
    Ok(request)
}

/// A gateway that is tried again at once, and given up only where it hangs.
pub(crate) fn gateway_at(address: SocketAddr) -> PushGateway {
    PushGateway::new(&format!("http://{address}"))
        .unwrap()
        .with_job("nightly")
        .with_backoff(Duration::from_millis(1), Duration::from_millis(5))
        .with_total_timeout(SOON)
        .with_timeout(SOON)
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An exporter in which a counter stands at `count`.
pub(crate) fn exporter(count: u64) -> Exporter {
    let exporter = Exporter::builder().build().unwrap();
    increment(&exporter, count);
    exporter
}

pub(crate) fn increment(exporter: &Exporter, count: u64) {
    metrics::with_local_recorder(&exporter.recorder(), || {
        metrics::counter!("rows_total").increment(count);
    });
}

pub(crate) fn text(count: u64) -> String {
    format!("# TYPE rows_total counter\nrows_total {count}\n")
}

pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        thread::yield_now();
    }
}
