//! An actix-web inference service, measured by tower-metrics.
//!
//! `POST /predict/{model_name}` and `POST /generate/{model_name}` run models that
//! `POST /models/{model_name}/load` and `…/unload` load and unload, `GET /health` says that the
//! service is up, and `GET /metrics` says how it is doing. The metrics of HTTP take two lines, both
//! in [`run`]: `Exporter::install` and `Metrics::new`. Those of inference are where the models are:
//! in [`inference_model`], as are the texts and the options. The axum twin of this program uses it
//! too.

mod error;
mod routes;

use std::{error::Error, process::ExitCode, time::Duration};

use actix_web::{App, HttpServer, web::Data};
use inference_model::{ModelServer, Options, Program, announce, bind, stop_signal};
use tower_metrics::{Exporter, actix_web::Metrics};

const PROGRAM: Program = Program {
    name: env!("CARGO_PKG_NAME"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    default_listen: "127.0.0.1:8001",
};

#[actix_web::main]
async fn main() -> ExitCode {
    PROGRAM.exit_code(run(PROGRAM.options()).await)
}

/// Starts the service and runs it until SIGINT or SIGTERM.
async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    // Before the URL is printed: whoever has read it may already send a signal.
    let stop = stop_signal()?;

    let exporter = Exporter::install()?;
    let listener = bind(options.listen()).await?.into_std()?;
    let server = Data::new(ModelServer::start(&options).await?);

    announce(listener.local_addr()?);
    HttpServer::new(move || {
        App::new()
            .wrap(Metrics::new(&exporter))
            .app_data(Data::clone(&server))
            .configure(routes::configure)
    })
    // A client that closes its connection is taken to have given up, and its inference is dropped.
    .h1_allow_half_closed(false)
    .shutdown_signal(stop)
    .shutdown_timeout(whole_seconds(options.shutdown_grace()))
    .listen_auto_h2c(listener)?
    .run()
    .await?;
    Ok(())
}

/// Rounds up.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}
