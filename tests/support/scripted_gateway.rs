//! A Pushgateway that does what it is told, one step a connection, and keeps what came.
//!
//! It has a thread and no runtime, for tests of jobs without one; see
//! [`pushgateway`](crate::pushgateway) for a real one. What fails in it panics, and so fails the
//! test that drops it.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a helper that fails should fail its test"
)]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long something is waited for that takes no time where nothing is wrong.
pub const SOON: Duration = Duration::from_secs(60);

/// Accepts what is pushed.
pub const OK: Step = Step::Answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");

/// What the gateway does with a connection.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "tests name them, and nobody else")]
pub enum Step {
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
#[non_exhaustive]
pub struct Request {
    /// The first line and the headers.
    pub head: String,
    /// What is behind them.
    pub body: String,
}

impl Request {
    /// The first line, without the version.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A gateway that does one step a connection, and the last one again and again.
#[derive(Debug)]
pub struct ScriptedGateway {
    address: SocketAddr,
    requests: Receiver<Request>,
    closed: Receiver<()>,
    is_stopped: Arc<AtomicBool>,
    stalled: Arc<Mutex<Vec<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl ScriptedGateway {
    /// Starts at a free port.
    pub fn start(steps: &[Step]) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), steps)
    }

    /// Starts on a listener.
    pub fn listen(listener: TcpListener, steps: &[Step]) -> Self {
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

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next request, waited for.
    pub fn request(&self) -> Request {
        self.requests.recv_timeout(SOON).unwrap()
    }

    /// The requests that came and were not looked at.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// Answers a request that [stalls](Step::Stall).
    pub fn answer_stalled(&self, text: &str) {
        self.stalled.lock().unwrap().remove(0).write_all(text.as_bytes()).unwrap();
    }

    /// Whether a client closes a connection that [stalls](Step::Stall), in a moment.
    pub fn closes_soon(&self) -> bool {
        self.closed.recv_timeout(Duration::from_millis(50)).is_ok()
    }

    /// Whether another request comes, in a moment.
    pub fn receives_soon(&self) -> bool {
        self.requests.recv_timeout(Duration::from_millis(50)).is_ok()
    }

    /// Waits until a client has closed a connection that [stalls](Step::Stall).
    pub fn closed(&self) {
        self.closed.recv_timeout(SOON).unwrap();
    }
}

impl Drop for ScriptedGateway {
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
///
/// # Errors
///
/// Whatever `stream` fails with, or that it ends too early.
pub fn read(stream: &mut impl Read) -> io::Result<Request> {
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

/// An address at which nobody listens.
pub fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
