//! A batch job that runs a model over a file, and pushes its metrics when it ends.
//!
//! The metrics take four lines, all of which are about the job and none about metrics: a
//! [`BatchJob`](tower_metrics::BatchJob) is built (`options`), each item is handed to it (`run`), and
//! [`run()`] tells it how it ended: `finish` or `fail`. The models are those of [`inference_model`].

mod items;
mod options;
mod progress;
mod run;

use std::{
    error::Error,
    io::{self, Write as _},
    pin::pin,
    process::ExitCode,
};

use clap::Parser as _;
use inference_model::{OfflineModel, stop_signal};
use tokio::runtime;

use crate::{
    items::Items,
    options::Options,
    progress::Progress,
    run::{Explained, Tally, process},
};

fn main() -> ExitCode {
    match block_on(run(Options::parse())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {}", env!("CARGO_PKG_NAME"), Explained(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Runs the job until all items are processed, or a signal comes.
async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut stop = pin!(stop_signal()?);
    let items = tokio::select! {
        items = Items::open(options.file.as_deref()) => items?,
        // A pipe is open when somebody writes to it, which may be never.
        () = &mut stop => return Err(stopped().into()),
    };
    let model = OfflineModel::load(&options.model).await?;
    let job = options.start_job()?;
    let (exporter, mut tally) = (job.exporter().clone(), Tally::default());

    let ended = {
        let progress = Progress::new(items.length());
        tokio::select! {
            ended = process(items, &model, &job, &progress, &mut tally) => ended,
            () = stop => Err(stopped()),
        }
    };
    eprintln!("{tally}");

    // Whatever happened, the gateway hears of it; of a success only from `finish`.
    let pushed = if ended.is_ok() { job.finish().await } else { job.fail().await };
    if options.pushes() && pushed.is_ok() {
        eprintln!("metrics pushed");
    } else {
        // What could not be pushed is not lost either.
        io::stdout().write_all(exporter.render().as_bytes())?;
    }
    if let (Err(error), Err(_)) = (&ended, &pushed) {
        eprintln!("{}: {error}", env!("CARGO_PKG_NAME"));
    }
    pushed?;
    Ok(ended?)
}

fn stopped() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "stopped by a signal")
}

/// Runs a future to its end, and not what it has left behind: a read from a pipe that never comes
/// would keep the program.
fn block_on<T>(
    future: impl Future<Output = Result<T, Box<dyn Error>>>,
) -> Result<T, Box<dyn Error>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    output
}
