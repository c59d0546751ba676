//! A server that answers what it is told, a connection at a time.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

/// What the server does with a connection, once it has a request.
pub(crate) enum Step {
    /// Writes this, and closes.
    Answer(String),
    /// Waits until the other side closes.
    Silence,
}

/// An answer with a text, as an exporter gives it.
pub(crate) fn answer(text: &str) -> String {
    let length = text.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{text}"
    )
}

/// A server that does one step a connection; dropping it stops it.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Receiver<String>,
    is_stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(answers: &[String]) -> Self {
        Self::start_with(answers.iter().map(|answer| Step::Answer(answer.clone())).collect())
    }

    pub(crate) fn start_with(steps: Vec<Step>) -> Self {
        Self::start_over(steps, |stream| stream)
    }

    /// Starts it over whatever a connection is made into, such as TLS.
    pub(crate) fn start_over<S: Read + Write>(
        steps: Vec<Step>,
        wrap: impl Fn(TcpStream) -> S + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (arrived, requests) = mpsc::channel();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&is_stopped);
        let thread = thread::spawn(move || {
            for (step, stream) in steps.into_iter().zip(listener.incoming()) {
                if stopped.load(Ordering::Acquire) {
                    break;
                }
                // It fails where the client goes away first, which is for the test to see.
                let _ = serve(&step, &mut wrap(stream.unwrap()), |head| {
                    let _ = arrived.send(head);
                });
            }
        });
        Self { address, requests, is_stopped, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The head of the next request that came.
    pub(crate) fn request(&self) -> String {
        self.requests.recv().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Release);
        // It may have ended already.
        let _ = TcpStream::connect(self.address);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || ended.is_some_and(|ended| ended.is_ok()));
    }
}

fn serve(
    step: &Step,
    stream: &mut (impl Read + Write),
    arrived: impl FnOnce(String),
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    arrived(String::from_utf8_lossy(&head).into_owned());
    match step {
        Step::Answer(answer) => {
            stream.write_all(answer.as_bytes())?;
            stream.flush()
        }
        Step::Silence => stream.read_to_end(&mut head).map(|_| ()),
    }
}
