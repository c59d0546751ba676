//! What is known of a GPU at one time.

/// What is known of a GPU at one time; what is not known is not shown.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a reading does nothing until it is returned"]
pub struct GpuReading {
    pub(super) id: String,
    pub(super) memory_used_bytes: Option<u64>,
    pub(super) memory_total_bytes: Option<u64>,
    pub(super) utilization_ratio: Option<f64>,
}

impl GpuReading {
    /// Begins with what tells the GPU from the others: the value of `gpu_id`, such as its index.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            memory_used_bytes: None,
            memory_total_bytes: None,
            utilization_ratio: None,
        }
    }

    /// Sets the memory in use, in bytes. Defaults to unknown.
    pub fn with_memory_used_bytes(mut self, bytes: u64) -> Self {
        self.memory_used_bytes = Some(bytes);
        self
    }

    /// Sets the memory that there is, in bytes. Defaults to unknown.
    pub fn with_memory_total_bytes(mut self, bytes: u64) -> Self {
        self.memory_total_bytes = Some(bytes);
        self
    }

    /// Sets the part of the time in which the GPU was busy, from 0 to 1. Defaults to unknown.
    pub fn with_utilization_ratio(mut self, ratio: f64) -> Self {
        self.utilization_ratio = Some(ratio);
        self
    }
}
