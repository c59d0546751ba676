//! A server with one worker, in the process that was started for it.

use std::io::Read as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::net::TcpListener;
use tower_metrics_overhead::variant::Variant;

/// Serves on a free port, which it prints, until stdin is closed.
pub(crate) fn run(variant: &Variant) {
    std::thread::spawn(|| {
        // Whatever ends the pipe ends the server.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        print_address(&listener);
        let upkeep = async {
            let mut pace = tokio::time::interval(Duration::from_secs(5));
            loop {
                pace.tick().await;
                variant.upkeep();
            }
        };
        tokio::select! {
            served = axum::serve(listener, variant.router().unwrap()) => served.unwrap(),
            () = upkeep => {}
        }
    });
}

#[expect(clippy::print_stdout, reason = "the other process reads it")]
fn print_address(listener: &TcpListener) {
    println!("{}", listener.local_addr().unwrap());
}
