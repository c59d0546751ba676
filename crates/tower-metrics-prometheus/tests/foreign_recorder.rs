//! Somebody else's global recorder, in a process of its own.

use tower_metrics_prometheus::{Exporter, ExporterError};

/// A recorder that is there already is an error, not a panic.
#[test]
#[expect(clippy::disallowed_methods, reason = "plays the part of another exporter")]
fn installing_over_a_foreign_recorder_is_an_error() {
    metrics::set_global_recorder(metrics::NoopRecorder).unwrap();
    let error = Exporter::install().unwrap_err();
    assert!(matches!(error, ExporterError::ForeignRecorder));
    assert!(error.to_string().contains("another `metrics` recorder"));
}
