//! A scraper on a socket.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// Sends a request, and reads nothing.
pub(crate) fn send(address: SocketAddr, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{head}\r\nhost: localhost\r\n\r\n").unwrap();
    stream
}

/// Reads an answer to its end: its head, and its body.
pub(crate) fn receive(mut stream: TcpStream) -> io::Result<(String, String)> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    if length.is_some_and(|length| length != body.len().to_string()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((head.to_owned(), body.to_owned()))
}

pub(crate) fn get(address: SocketAddr, path: &str) -> (String, String) {
    receive(send(address, &format!("GET {path} HTTP/1.1"))).unwrap()
}
