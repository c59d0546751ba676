//! A client that costs little beside the server it talks to: requests made once, answers read only
//! as far as it takes to know where they end.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tower_metrics_overhead::workload::Mix;

/// Enough that neither side waits for the other.
const CONNECTIONS: usize = 64;

/// Sends all requests in turns over several connections at a time, and says how many were answered.
pub(super) fn load(address: SocketAddr, time: Duration) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connections = JoinSet::new();
        for connection in 0..CONNECTIONS {
            connections.spawn(async move {
                let requests = Mix::AllRoutes.requests();
                let mut client = Client::connect(address).await.unwrap();
                let (begun, mut answered) = (Instant::now(), 0);
                for request in requests.iter().cycle().skip(connection) {
                    client.exchange(request).await.unwrap();
                    answered += 1;
                    if begun.elapsed() > time {
                        break;
                    }
                }
                answered
            });
        }
        connections.join_all().await.into_iter().sum()
    })
}

/// A connection that is kept alive.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads the answer to its end; gives the length of its body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<usize> {
        self.stream.write_all(request).await?;
        self.received.clear();
        loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some((head, body)) = split_head(&self.received) {
                let length = content_length(head);
                if body.len() >= length {
                    return Ok(length);
                }
            }
        }
    }
}

fn split_head(received: &[u8]) -> Option<(&[u8], &[u8])> {
    const END: &[u8] = b"\r\n\r\n";
    let head = received.windows(END.len()).position(|window| window == END)?;
    received.split_at_checked(head + END.len())
}

/// 0 for an answer that has none, as 204.
fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length: ";
    let value = head.windows(NAME.len()).position(|window| window == NAME);
    let digits = value.and_then(|start| head.get(start + NAME.len()..)).unwrap_or_default();
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As hyper writes them.
    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\ndate: now\r\n\r\nhello";
        let (head, body) = split_head(answer).unwrap();
        assert_eq!((content_length(head), body), (12, &b"hello"[..]));
        assert_eq!(content_length(b"HTTP/1.1 204 No Content\r\n\r\n"), 0);
        assert_eq!(split_head(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
