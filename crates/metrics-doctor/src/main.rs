//! Checks what a service exposes to Prometheus: `metrics-doctor http://127.0.0.1:8000/metrics`.
//!
//! The rules are in the library; here is what a program needs besides: its command line
//! (`options`), where the text comes from (`source`, `fetch`), and how the findings are shown
//! (`report`).

mod cli;

use std::process::ExitCode;

use cli::{Error, Options, Request};
use metrics_doctor::{Finding, Severity};
use tokio::runtime;

/// The text could not be read, or the command line not be understood.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    let request = cli::parse(std::env::args_os().skip(1));
    let outcome = request.and_then(|request| match request {
        Request::Help => Ok(show(&cli::help())),
        Request::Version => Ok(show(concat!("metrics-doctor ", env!("CARGO_PKG_VERSION")))),
        Request::Examine(options) => {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(Error::Runtime)?;
            let outcome = runtime.block_on(examine(&options));
            // A name that is still looked up, behind a timeout, would keep the program.
            runtime.shutdown_background();
            outcome
        }
    });
    outcome.unwrap_or_else(|error| {
        eprintln!("metrics-doctor: {error}");
        if error.is_usage() {
            eprintln!("metrics-doctor --help explains the command line");
        }
        ExitCode::from(UNREADABLE)
    })
}

fn show(text: &str) -> ExitCode {
    cli::print(text);
    ExitCode::SUCCESS
}

async fn examine(options: &Options) -> Result<ExitCode, Error> {
    let doctor = &options.doctor;
    let mut answer = options.source.read().await?;
    let mut findings = Vec::new();
    if let Some(pause) = options.watch {
        tokio::time::sleep(pause).await;
        let later = options.source.read().await?;
        findings = doctor.compare(&answer.exposition, &later.exposition);
        answer = later;
    }
    findings.extend(doctor.examine(&answer.exposition));
    if options.source.is_url() {
        findings.extend(doctor.examine_content_type(answer.content_type.as_deref()));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));

    cli::print(&options.format.report(&answer.exposition, &findings));
    let is_bad = |finding: &Finding| match finding.severity() {
        Severity::Error => true,
        Severity::Warning => options.is_strict,
        _ => false,
    };
    Ok(if findings.iter().any(is_bad) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
