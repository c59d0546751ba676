//! GPUs: their memory and how busy they are, read when the metrics are rendered.
//!
//! `Nvml` (feature `nvml`) reads those of NVIDIA;
//! anything else is a [`Gpus`]:
//!
//! ```
//! use tower_metrics_inference::gpu::{self, GpuReading, Gpus};
//! use tower_metrics_prometheus::Exporter;
//!
//! struct Accelerators;
//!
//! impl Gpus for Accelerators {
//!     fn read(&self) -> Vec<GpuReading> {
//!         vec![GpuReading::new("0").with_memory_used_bytes(1 << 30)]
//!     }
//! }
//!
//! let exporter = Exporter::builder().build()?;
//! gpu::observe(&exporter.recorder(), Accelerators)?.detach();
//! assert_eq!(
//!     exporter.render(),
//!     "# HELP gpu_memory_used_bytes GPU memory in use.\n\
//!      ## TYPE gpu_memory_used_bytes gauge\n\
//!      gpu_memory_used_bytes{gpu_id=\"0\"} 1073741824\n"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `backend::Global` of `tower-metrics-core`, in place of the recorder, is what is installed
//! globally.

#[cfg(feature = "nvml")]
mod nvml;
mod reading;

use tower_metrics_core::observe::ObserveFn;
use tower_metrics_core::{Backend, DeclareError, Observation, Observer};

#[cfg(feature = "nvml")]
pub use self::nvml::{Nvml, NvmlError};
pub use self::reading::GpuReading;
use crate::names::{GPU_ID, InferenceMetric as Metric};

/// The GPUs of a machine.
///
/// See the [module docs](self).
pub trait Gpus: Send + Sync + 'static {
    /// Reads them, as they are now. Called whenever the metrics are rendered, on the thread that
    /// renders; what takes long here makes `/metrics` slow, and nothing else.
    ///
    /// One that cannot be read is left out.
    fn read(&self) -> Vec<GpuReading>;
}

/// Shows `gpus` as `gpu_memory_used_bytes`, `gpu_memory_total_bytes` and `gpu_utilization_ratio`,
/// by `gpu_id`. Dropping the handle ends it.
///
/// # Errors
///
/// [`DeclareError`] if a metric of such a name is declared already with another meaning.
pub fn observe(backend: &dyn Backend, gpus: impl Gpus) -> Result<Observation, DeclareError> {
    let specs = [Metric::GpuMemoryUsed, Metric::GpuMemoryTotal, Metric::GpuUtilization];
    backend.observe(
        &specs.map(Metric::spec),
        ObserveFn::new(move |observer| gpus.read().iter().for_each(|gpu| show(observer, gpu))),
    )
}

fn show(observer: &mut Observer<'_>, gpu: &GpuReading) {
    let labels = [(GPU_ID, &*gpu.id)];
    if let Some(bytes) = gpu.memory_used_bytes {
        observer.gauge(Metric::GpuMemoryUsed.name(), &labels, bytes);
    }
    if let Some(bytes) = gpu.memory_total_bytes {
        observer.gauge(Metric::GpuMemoryTotal.name(), &labels, bytes);
    }
    if let Some(ratio) = gpu.utilization_ratio {
        observer.gauge(Metric::GpuUtilization.name(), &labels, ratio);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tower_metrics_prometheus::Exporter;

    use super::*;

    struct Readings(Mutex<Vec<Vec<GpuReading>>>);

    impl Gpus for Readings {
        fn read(&self) -> Vec<GpuReading> {
            self.0.lock().unwrap().pop().unwrap()
        }
    }

    /// Each rendering shows what is there at that time; what cannot be read is left out.
    #[test]
    fn gpus_are_read_at_each_rendering() {
        let exporter = Exporter::builder().build().unwrap();
        let complete = GpuReading::new("0")
            .with_memory_used_bytes(12_884_901_888)
            .with_memory_total_bytes(25_769_803_776)
            .with_utilization_ratio(0.25);
        let readings = vec![vec![], vec![complete, GpuReading::new("1").with_memory_used_bytes(1)]];
        observe(&exporter.recorder(), Readings(Mutex::new(readings))).unwrap().detach();
        assert_eq!(
            exporter.render(),
            "# HELP gpu_memory_total_bytes GPU memory that there is.\n\
             # TYPE gpu_memory_total_bytes gauge\n\
             gpu_memory_total_bytes{gpu_id=\"0\"} 25769803776\n\
             # HELP gpu_memory_used_bytes GPU memory in use.\n\
             # TYPE gpu_memory_used_bytes gauge\n\
             gpu_memory_used_bytes{gpu_id=\"0\"} 12884901888\n\
             gpu_memory_used_bytes{gpu_id=\"1\"} 1\n\
             # HELP gpu_utilization_ratio Part of the time in which the GPU was busy, from 0 to 1.\n\
             # TYPE gpu_utilization_ratio gauge\n\
             gpu_utilization_ratio{gpu_id=\"0\"} 0.25\n"
        );
        assert_eq!(exporter.render(), "");
    }
}
