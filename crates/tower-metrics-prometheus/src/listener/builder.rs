//! Configures and starts a listener.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};

use super::address::ListenAddress;
use super::error::ListenError;
use super::handle::Listener;
use super::routes::Routes;
use super::server::{self, Limits};
use crate::exporter::Exporter;

/// Configures a [`Listener`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it listens"]
pub struct ListenerBuilder {
    routes: Routes,
    limits: Limits,
}

impl Exporter {
    /// Serves the metrics under `/metrics`, and a health check under `/health`, on a port of its
    /// own: on 127.0.0.1 if only a port is given. Takes a thread, and no runtime.
    ///
    /// The [tokens](crate::ExporterBuilder::with_bearer_token) hold for the metrics, and not for
    /// the health check.
    ///
    /// # Errors
    ///
    /// [`ListenError`] if the port is in use, or cannot be had for another reason.
    pub fn listen(&self, address: impl Into<ListenAddress>) -> Result<Listener, ListenError> {
        self.listener().listen(address)
    }

    /// Configures what [`listen`](Self::listen) starts.
    pub fn listener(&self) -> ListenerBuilder {
        ListenerBuilder {
            routes: Routes {
                metrics: "/metrics".into(),
                health: Some("/health".into()),
                service: self.scrape_service(),
            },
            limits: Limits { timeout: Duration::from_secs(30), connections: 256 },
        }
    }
}

impl ListenerBuilder {
    /// Sets the path of the metrics. Defaults to `/metrics`.
    pub fn with_metrics_path(mut self, path: &str) -> Self {
        self.routes.metrics = path.into();
        self
    }

    /// Sets the path that says `ok` as long as the process runs. Defaults to `/health`.
    pub fn with_health_path(mut self, path: &str) -> Self {
        self.routes.health = Some(path.into());
        self
    }

    /// Leaves the health check out. Defaults to having it.
    pub fn without_health_path(mut self) -> Self {
        self.routes.health = None;
        self
    }

    /// Sets how long a connection lasts: from its start to the last byte of the answer, however
    /// slowly the client sends and reads. Defaults to 30 seconds.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.limits.timeout = timeout;
        self
    }

    /// Sets how many connections there are at a time, at least one; others wait until one of them
    /// ends. Defaults to 256.
    pub fn with_max_connections(mut self, max: usize) -> Self {
        self.limits.connections = max.max(1);
        self
    }

    /// Starts listening.
    ///
    /// # Errors
    ///
    /// [`ListenError`] if the port is in use, or cannot be had for another reason.
    pub fn listen(self, address: impl Into<ListenAddress>) -> Result<Listener, ListenError> {
        let address = address.into().get();
        let (stop, stopped) = oneshot::channel();
        let (started, is_started) = mpsc::channel();
        // On the new thread, since a runtime cannot be dropped on one that runs another.
        let run = move || match start(address) {
            Ok((runtime, listener, address)) => {
                let _ = started.send(Ok(address));
                runtime.block_on(server::serve(listener, self.routes, self.limits, stopped));
            }
            Err(error) => {
                let _ = started.send(Err(error));
            }
        };
        let thread = thread::Builder::new()
            .name("metrics-listen".to_owned())
            .spawn(run)
            .map_err(ListenError::Thread)?;
        // It says one or the other, unless it panics.
        let panicked = |_| Err(ListenError::Thread(std::io::Error::other("the thread panicked")));
        let address = is_started.recv().unwrap_or_else(panicked)?;
        Ok(Listener { address, stop: Some(stop), thread: Some(thread) })
    }
}

fn start(address: SocketAddr) -> Result<(Runtime, TcpListener, SocketAddr), ListenError> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(ListenError::Thread)?;
    let guard = runtime.enter();
    let error = |error| ListenError::bind(address, error);
    let listener = server::bind(address).map_err(error)?;
    let bound = listener.local_addr().map_err(error)?;
    drop(guard);
    Ok((runtime, listener, bound))
}
