//! What the services and futures of one worker share.

use std::sync::Arc;

use tower_metrics_core::request::{Instruments, Rules};
use tower_metrics_prometheus::Exporter;

use crate::heads::ActixHeads;

/// What the services of one worker share with their futures.
pub(crate) struct Shared {
    pub(crate) instruments: Option<Instruments>,
    pub(crate) rules: Rules<ActixHeads>,
    pub(crate) serve: Option<Serve>,
}

/// Where the middleware answers scrapes, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Serve {
    pub(crate) path: Arc<str>,
    pub(crate) exporter: Exporter,
}

impl Serve {
    pub(crate) fn new(path: &str, exporter: &Exporter) -> Self {
        Self { path: path.into(), exporter: exporter.clone() }
    }
}
