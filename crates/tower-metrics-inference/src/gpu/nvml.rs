//! NVIDIA GPUs, through the driver's management library.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::sync::Once;

use super::{GpuReading, Gpus};

/// Where the driver puts its library. Without the number it is there only where programs are built.
const LIBRARIES: &[&str] =
    if cfg!(windows) { &["nvml.dll"] } else { &["libnvidia-ml.so.1", "libnvidia-ml.so"] };

/// The NVIDIA GPUs of this machine, as [NVML] counts them: `gpu_id` is the index, from 0.
///
/// Memory and utilization are those of the whole GPU, whichever processes use it. Memory that the
/// driver keeps for itself is not in use.
///
/// [NVML]: https://docs.nvidia.com/deploy/nvml-api/
pub struct Nvml {
    library: Option<nvml_wrapper::Nvml>,
    unreadable: Once,
}

impl Nvml {
    /// Opens the driver's library.
    ///
    /// # Errors
    ///
    /// [`NvmlError`] if there is no driver, or it does not answer.
    pub fn open() -> Result<Self, NvmlError> {
        Self::open_first(LIBRARIES).map(|library| Self::new(Some(library)))
    }

    /// Opens the driver's library; without one, that is logged, and there are no GPUs.
    pub fn open_or_none() -> Self {
        Self::open().unwrap_or_else(|error| {
            tracing::info!(%error, "there are no metrics of GPUs");
            Self::new(None)
        })
    }

    fn new(library: Option<nvml_wrapper::Nvml>) -> Self {
        Self { library, unreadable: Once::new() }
    }

    fn open_first(paths: &[&str]) -> Result<nvml_wrapper::Nvml, NvmlError> {
        let mut opened = Err(nvml_wrapper::error::NvmlError::DriverNotLoaded);
        for path in paths {
            if opened.is_err() {
                opened = nvml_wrapper::Nvml::builder().lib_path(OsStr::new(path)).init();
            }
        }
        opened.map_err(|source| NvmlError { source })
    }

    fn read_one(
        library: &nvml_wrapper::Nvml,
        index: u32,
    ) -> Result<GpuReading, nvml_wrapper::error::NvmlError> {
        let gpu = library.device_by_index(index)?;
        let memory = gpu.memory_info()?;
        let reading = GpuReading::new(index.to_string())
            .with_memory_used_bytes(memory.used)
            .with_memory_total_bytes(memory.total);
        // Not told of a GPU that is divided (MIG).
        Ok(match gpu.utilization_rates() {
            Ok(rates) => reading.with_utilization_ratio(f64::from(rates.gpu) / 100.0),
            Err(_) => reading,
        })
    }
}

impl Gpus for Nvml {
    fn read(&self) -> Vec<GpuReading> {
        let Some(library) = &self.library else { return Vec::new() };
        let indexes = 0..library.device_count().unwrap_or(0);
        let readings = indexes.filter_map(|index| match Self::read_one(library, index) {
            Ok(reading) => Some(reading),
            Err(error) => {
                self.unreadable
                    .call_once(|| tracing::warn!(%error, index, "a GPU is not readable"));
                None
            }
        });
        readings.collect()
    }
}

impl fmt::Debug for Nvml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nvml").field("open", &self.library.is_some()).finish_non_exhaustive()
    }
}

/// Why the driver's library could not be opened.
#[derive(Debug)]
pub struct NvmlError {
    source: nvml_wrapper::error::NvmlError,
}

impl fmt::Display for NvmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NVIDIA's driver cannot be asked: {}", self.source)
    }
}

impl Error for NvmlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine without a GPU runs the same program.
    #[test]
    fn without_a_driver_there_are_no_gpus() {
        let error = Nvml::open_first(&["no-such-library.so"]).unwrap_err();
        assert!(error.to_string().starts_with("NVIDIA's driver cannot be asked: "), "{error}");
        assert_eq!(Nvml::new(None).read(), []);
    }

    /// Whatever this machine has, reading it works.
    #[test]
    fn readings_make_sense() {
        for reading in Nvml::open_or_none().read() {
            assert!(reading.memory_used_bytes <= reading.memory_total_bytes, "{reading:?}");
            assert!(reading.utilization_ratio.is_none_or(|ratio| ratio <= 1.0), "{reading:?}");
        }
    }
}
