//! All that an exporter shows: what was recorded, and what is read when it renders.

use std::fmt;
use std::sync::Arc;

use tower_metrics_core::observe::ObserveFn;
use tower_metrics_core::{DeclareError, MetricSpec, Observation, backend};

use crate::observations::Observations;
use crate::registry::Registry;
use crate::render::Renderer;

/// What an exporter shows; shared with its threads.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) registry: Registry,
    observations: Arc<Observations>,
    renderer: Renderer,
}

impl Source {
    pub(crate) fn new(
        registry: Registry,
        observations: Arc<Observations>,
        renderer: Renderer,
    ) -> Self {
        Self { registry, observations, renderer }
    }

    pub(crate) fn observe(
        &self,
        specs: &[MetricSpec],
        observe: ObserveFn,
    ) -> Result<Observation, DeclareError> {
        backend::observable(specs)?;
        // Ends with its handle, should the declaration fail.
        let observation = self.observations.add(specs, observe)?;
        self.registry.declare(specs)?;
        Ok(observation)
    }

    /// Reads the closures, then writes everything.
    pub(crate) fn render(&self, output: &mut impl fmt::Write) {
        // In this order, so that what a closure records is part of the same rendering.
        let observed = self.observations.read();
        // What is written to does not fail.
        let _ = self.renderer.write(&self.registry, &observed, output);
    }

    /// Whether this is called by a closure that is being read.
    pub(crate) fn is_being_rendered_here(&self) -> bool {
        self.observations.is_running_here()
    }
}
