//! The gauges that are read when `/metrics` is, and at no other time.

use tower_metrics::{
    DeclareError, Inference,
    backend::Global,
    inference::gpu::{self, Nvml},
};

use crate::queue::Queue;

/// Shows the queue, and the GPUs if there are any, for as long as the program runs.
pub(crate) fn observe(inference: &Inference, queue: &Queue) -> Result<(), DeclareError> {
    let queue = queue.clone();
    inference.observe_queue_length(move || queue.len())?.detach();
    gpu::observe(&Global::default(), Nvml::open_or_none())?.detach();
    Ok(())
}
