//! A server in a process of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use tower_metrics_overhead::variant::Framework;

use crate::child::{Part, Task};

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    address: SocketAddr,
}

impl ServerProcess {
    /// Starts it and waits for its port.
    pub(super) fn start(framework: Framework, variant: &str) -> Self {
        let mut command = Task::new(Part::Serve, framework, variant).command();
        // It ends with this pipe, also if this process is killed.
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap() }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long its main thread, which is its only worker, ran; where the kernel tells.
    pub(super) fn cpu_nanos(&self) -> Option<u64> {
        let schedstat = fs::read_to_string(format!("/proc/{}/schedstat", self.child.id())).ok()?;
        schedstat.split(' ').next()?.parse().ok()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
