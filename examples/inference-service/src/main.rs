//! An axum inference service, measured by tower-metrics.
//!
//! `POST /predict/{model_name}` and `POST /generate/{model_name}` run models that
//! `POST /models/{model_name}/load` and `…/unload` load and unload, `GET /health` says that the
//! service is up, and `GET /metrics` says how it is doing. The metrics of HTTP take two lines, both
//! in [`run`]: `Exporter::install` and `with_metrics`. Those of inference are where the models are:
//! in [`inference_model`], as are the texts and the options. The actix-web twin of this program
//! uses it too.

mod error;
mod routes;

use std::{error::Error, io, pin::pin, process::ExitCode, sync::Arc, time::Duration};

use axum::Router;
use inference_model::{ModelServer, Options, Program, announce, bind, stop_signal};
use tokio::{net::TcpListener, sync::oneshot, time};
use tower_metrics::{Exporter, axum::RouterExt as _};

const PROGRAM: Program = Program {
    name: env!("CARGO_PKG_NAME"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    default_listen: "127.0.0.1:8000",
};

#[tokio::main]
async fn main() -> ExitCode {
    PROGRAM.exit_code(run(PROGRAM.options()).await)
}

/// Starts the service and runs it until SIGINT or SIGTERM.
async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    // Before the URL is printed: whoever has read it may already send a signal.
    let stop = stop_signal()?;

    let exporter = Exporter::install()?;
    let listener = bind(options.listen()).await?;
    let server = Arc::new(ModelServer::start(&options).await?);
    let app = routes::router(server).with_metrics(&exporter);

    announce(listener.local_addr()?);
    serve(listener, app, stop, options.shutdown_grace()).await?;
    Ok(())
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
    time::timeout(grace, server).await.unwrap_or(Ok(()))
}
