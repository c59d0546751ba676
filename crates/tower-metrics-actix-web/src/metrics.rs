//! The middleware's factory.

use std::future::{Ready, ready};

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use tower_metrics_core::Builder;
use tower_metrics_core::request::{Instruments, Measures, Rules};
use tower_metrics_prometheus::Exporter;

use crate::body::ResponseBody;
use crate::heads::ActixHeads;
use crate::scrape_body::ScrapeBody;
use crate::service::MetricsService;
use crate::shared::{Serve, Shared};

/// Measures the requests of an app, and may answer `/metrics`; for [`App::wrap`].
///
/// Clones share the metrics and their limits. See the [crate docs](crate).
///
/// [`App::wrap`]: actix_web::App::wrap
#[derive(Clone, Debug)]
#[must_use = "a middleware does nothing until it is around an app"]
pub struct Metrics {
    /// `None` if nothing is to be measured.
    instruments: Option<Instruments>,
    rules: Rules<ActixHeads>,
    options: MetricsOptions,
}

/// What a [`Metrics`] is built with, besides the metrics.
#[derive(Clone, Debug, Default)]
pub struct MetricsOptions {
    serve: Option<Serve>,
}

impl Metrics {
    /// Measures with the default metrics into `exporter`, and answers `/metrics`.
    ///
    /// All that are made for one exporter share their limits, so this may stand in the closure that
    /// makes an app for each worker. If somebody declared one of the metrics differently before, a
    /// warning is logged and their declaration holds.
    pub fn new(exporter: &Exporter) -> Self {
        Self {
            instruments: Some(exporter.instruments()),
            rules: Rules::default(),
            options: MetricsOptions { serve: Some(Serve::new("/metrics", exporter)) },
        }
    }

    /// Configures what is measured. What it builds answers no scrapes, unless it is told
    /// [where](Self::with_metrics_path). Build it once and clone it into the app's factory.
    pub fn builder() -> Builder<Self> {
        Builder::new()
    }

    /// Measures nothing: passes requests through.
    pub fn disabled() -> Self {
        Self::from_parts(None, Rules::default(), MetricsOptions::default())
    }

    /// Answers requests for `path` that no route meets with the metrics of `exporter`. Defaults to
    /// `/metrics` in what [`new`](Self::new) makes, else to nothing.
    pub fn with_metrics_path(mut self, path: &str, exporter: &Exporter) -> Self {
        self.options.serve = Some(Serve::new(path, exporter));
        self
    }
}

impl Measures for Metrics {
    type Heads = ActixHeads;
    type Options = MetricsOptions;

    fn from_parts(
        instruments: Option<Instruments>,
        rules: Rules<ActixHeads>,
        options: MetricsOptions,
    ) -> Self {
        Self { instruments, rules, options }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Metrics
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<ResponseBody<B>, ScrapeBody>>;
    type Error = Error;
    type Transform = MetricsService<S>;
    type InitError = ();
    type Future = Ready<Result<MetricsService<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let shared = Shared {
            instruments: self.instruments.as_ref().map(Instruments::with_own_cache),
            rules: self.rules.clone(),
            serve: self.options.serve.clone(),
        };
        ready(Ok(MetricsService::new(service, shared)))
    }
}
