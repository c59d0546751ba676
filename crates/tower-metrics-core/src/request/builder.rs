//! What is measured, and how: one builder for every framework's middleware.

use std::fmt;
use std::sync::Arc;

use super::instruments::Instruments;
use super::settings::Settings;
use crate::Buckets;
use crate::backend::{Backend, DeclareError, Global};
use crate::names;

/// Configures a middleware `T`: [`MetricsLayer`](crate::MetricsLayer), or that of another
/// framework.
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder<T: Measures> {
    backend: Arc<dyn Backend>,
    settings: Settings,
    options: T::Options,
}

/// A middleware that records into [`Instruments`].
pub trait Measures: Sized {
    /// What it is built with, besides the metrics.
    type Options: Default + Clone + fmt::Debug;

    /// Puts it together.
    fn from_parts(instruments: Instruments, options: Self::Options) -> Self;
}

impl<T: Measures> Builder<T> {
    /// Starts from the defaults.
    pub fn new() -> Self {
        Self {
            backend: Arc::new(Global),
            settings: Settings::default(),
            options: T::Options::default(),
        }
    }

    /// Sets where the metrics go. Defaults to what is installed globally.
    pub fn with_recorder(mut self, backend: impl Backend) -> Self {
        self.backend = Arc::new(backend);
        self
    }

    /// Sets the buckets of the request durations, in seconds. Defaults to [`Buckets::http`].
    pub fn with_duration_buckets(mut self, buckets: Buckets) -> Self {
        self.settings.duration.buckets = Some(buckets);
        self
    }

    /// Ends the request durations with the head of the response. Defaults to the end of its body.
    ///
    /// The duration is still recorded when the request ends; only the time it shows changes.
    pub fn with_duration_until_head(mut self) -> Self {
        self.settings.duration_until_head = true;
        self
    }

    /// Records the time until the head of the response, in seconds, as
    /// `http_response_time_to_first_byte_seconds`. Defaults to off.
    pub fn with_time_to_first_byte(mut self, buckets: Buckets) -> Self {
        let mut spec = names::TIME_TO_FIRST_BYTE;
        spec.buckets = Some(buckets);
        self.settings.time_to_first_byte = Some(spec);
        self
    }

    /// Records the bytes of the response body that were sent, as `http_response_size_bytes`.
    /// Defaults to off.
    pub fn with_response_size(mut self, buckets: Buckets) -> Self {
        let mut spec = names::RESPONSE_SIZE;
        spec.buckets = Some(buckets);
        self.settings.response_size = Some(spec);
        self
    }

    /// Records the bytes of the request body that were read, as `http_request_size_bytes`.
    /// Defaults to off.
    ///
    /// On tower, a [`RequestSizeLayer`](crate::RequestSizeLayer) inside must count them.
    pub fn with_request_size(mut self, buckets: Buckets) -> Self {
        let mut spec = names::REQUEST_SIZE;
        spec.buckets = Some(buckets);
        self.settings.request_size = Some(spec);
        self
    }

    /// Adds the label `grpc_status` to the request counter: 0 to 16, empty where an answer has
    /// none. Defaults to off.
    pub fn with_grpc_status(mut self) -> Self {
        self.settings.add_grpc_status();
        self
    }

    /// Sets how many endpoints are told apart; later ones become `other`. Defaults to 1 000.
    pub fn with_max_endpoints(mut self, max: usize) -> Self {
        self.settings.max_endpoints = max;
        self
    }

    /// Builds the middleware, and declares its metrics.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if a metric cannot be declared, for example because its name was declared
    /// with other buckets before.
    pub fn build(self) -> Result<T, BuildError> {
        let instruments = Instruments::new(self.backend, self.settings);
        instruments.declare().map_err(BuildError::Declare)?;
        Ok(T::from_parts(instruments, self.options))
    }

    /// Builds the middleware; if its metrics cannot be declared, that is logged, and what was
    /// declared before holds.
    pub fn build_or_warn(self) -> T {
        let instruments = Instruments::new(self.backend, self.settings);
        instruments.declare_or_warn();
        T::from_parts(instruments, self.options)
    }

    /// The part that only `T` knows; for its own setters.
    pub fn options_mut(&mut self) -> &mut T::Options {
        &mut self.options
    }
}

impl<T: Measures> Default for Builder<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Measures> fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("settings", &self.settings)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Why a middleware could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// A metric could not be declared.
    Declare(DeclareError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declare(_) => f.write_str("an HTTP metric could not be declared"),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Declare(error) => Some(error),
        }
    }
}
