//! The global recorder, into which the peers that call the `metrics` macros record.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Installs the exporter that those peers' own documentation installs, once. Its histograms have
/// the buckets of axum-prometheus; without any it would make summaries.
pub(super) fn handle() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let buckets = axum_prometheus::utils::SECONDS_DURATION_BUCKETS;
        PrometheusBuilder::new().set_buckets(buckets).unwrap().install_recorder().unwrap()
    })
}

/// Empties the exporter's buffers of samples, as it must be told to every few seconds.
pub(super) fn upkeep() {
    handle().run_upkeep();
}
