//! An axum inference service, measured by tower-metrics.
//!
//! `POST /predict/{model_name}` runs one of two models, `GET /health` says that the service is up,
//! and `GET /metrics` says how it is doing. The metrics take two lines, both in [`run`]:
//! `Exporter::install` and `with_metrics`. Loading and inference are simulated, see [`model`].

mod error;
mod model;
mod routes;

use std::{
    error::Error, io, net::SocketAddr, pin::pin, process::ExitCode, sync::Arc, time::Duration,
};

use axum::Router;
use clap::Parser;
use tokio::{net::TcpListener, sync::oneshot, time};
use tower_metrics::{Exporter, axum::RouterExt as _};

use crate::{model::Registry, routes::AppState};

/// How long a stopping service waits, beyond the inference timeout, for clients that stall.
const STALLED_CLIENT_GRACE: Duration = Duration::from_secs(5);

/// An axum inference service, measured by tower-metrics.
#[derive(Debug, Parser)]
struct Args {
    /// Address to listen on; port 0 takes any free port.
    #[arg(long, env = "LISTEN", value_name = "IP:PORT", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,

    /// Answers 504 when an inference takes longer than this many milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    timeout_ms: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inference-service: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the service and runs it until SIGINT or SIGTERM.
async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    // Before the URL is printed: whoever has read it may already send a signal.
    let stop = stop_signal()?;
    let timeout = Duration::from_millis(args.timeout_ms);

    let exporter = Exporter::install()?;
    let listener = bind(args.listen).await?;
    let models = Arc::new(Registry::load_all().await);
    let app = routes::router(AppState { models, timeout }).with_metrics(&exporter);

    announce(listener.local_addr()?);
    serve(listener, app, stop, timeout.saturating_add(STALLED_CLIENT_GRACE)).await?;
    Ok(())
}

/// Opens the listening socket, or says what to do instead.
async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} on {ip} is in use; stop the program that has it, \
             or choose another port, such as --listen {any}",
            port = address.port(),
            ip = address.ip(),
            any = SocketAddr::new(address.ip(), 0),
        ),
        _ => {
            format!("cannot listen on {address}: {error}; choose another address with --listen")
        }
    })
}

/// Prints the URL and what to try first.
#[expect(clippy::print_stdout, reason = "the URL is what this program has to say")]
fn announce(address: SocketAddr) {
    println!(
        "Listening on http://{address}\n\
         Try: curl http://{address}/predict/resnet50 \
         -H 'content-type: application/json' -d '{{\"input\": \"a photo of a cat\"}}'\n\
         Then: curl http://{address}/metrics"
    );
}

/// Serves until `stop`, then lets the requests in flight finish, for at most `grace`.
async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        stopped.await.ok();
    });
    let mut server = pin!(server.into_future());

    tokio::select! {
        served = &mut server => return served,
        () = stop => drop(stopping),
    }
    // An inference ends by itself; a client that sends half a request would keep us forever.
    time::timeout(grace, server).await.unwrap_or(Ok(()))
}

/// Listens for SIGINT and SIGTERM from the call on; the future resolves at the first of them.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C from the call on; the future resolves when it is pressed.
#[cfg(windows)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
