//! The server: one thread, one request a connection.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{self, Either};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time;

use super::backoff::Backoff;
use super::routes::Routes;

/// How many connections the operating system keeps for us while all places are taken.
const BACKLOG: u32 = 1024;

/// The longest head of a request, and what is buffered of an answer.
const BUFFER: usize = 16 * 1024;

/// What keeps a client, or many, from taking more than their share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// From the connection to the last byte of the answer.
    pub(super) timeout: Duration,
    /// At a time; more wait.
    pub(super) connections: usize,
}

pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections of a listener before this one may linger. On Windows the option would let two
    // listeners have one port.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` says so; then finishes the answers that are under way. Goes on for ever if
/// nobody can say so any more.
pub(super) async fn serve(
    listener: TcpListener,
    routes: Routes,
    limits: Limits,
    stop: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    {
        let accepting = pin!(accept(&listener, &routes, limits, &graceful, &mut connections));
        let stopped = future::select(accepting, stop).await;
        if let Either::Right((Err(oneshot::Canceled), accepting)) = stopped {
            accepting.await;
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    routes: &Routes,
    limits: Limits,
    graceful: &GracefulShutdown,
    connections: &mut JoinSet<()>,
) {
    let mut backoff = Backoff::default();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= limits.connections {
            connections.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                backoff.reset();
                connections.spawn(exchange(stream, routes.clone(), limits.timeout, graceful));
            }
            Err(error) => {
                if let Some(pause) = backoff.pause(&error) {
                    time::sleep(pause).await;
                }
            }
        }
    }
}

/// Answers one request. A connection is not kept for the next: then one timeout covers a client
/// that sends nothing, one that reads nothing, and whatever happens in between.
fn exchange(
    stream: TcpStream,
    routes: Routes,
    timeout: Duration,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    let service = service_fn(move |request| routes.clone().answer(request));
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    async move {
        // A client that goes away, or speaks no HTTP, is its own problem.
        let _ = time::timeout(timeout, connection).await;
    }
}
