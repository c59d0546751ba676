//! What is measured: an app without metrics, or with those of one library.

use std::fmt;

use axum::Router;

use crate::workload::Mix;

/// The framework of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framework {
    /// axum, in process: requests go to the `Router`.
    Axum,
    /// actix-web, in process: requests go to the `App`.
    ActixWeb,
}

impl Framework {
    /// Every framework.
    pub const ALL: [Self; 2] = [Self::Axum, Self::ActixWeb];

    /// The name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::ActixWeb => "actix-web",
        }
    }

    /// The variant whose added cost is 1 in every ratio: the framework's most used peer.
    pub fn reference(self) -> &'static str {
        match self {
            Self::Axum => "axum-prometheus",
            Self::ActixWeb => "actix-web-prom",
        }
    }

    /// Everything that is measured for the framework, [`BARE`] first.
    pub fn variants(self) -> Vec<Variant> {
        match self {
            Self::Axum => crate::axum_app::variants(),
            Self::ActixWeb => crate::actix_app::variants(),
        }
    }
}

/// The variant without any layer.
pub const BARE: &str = "bare";
/// The variant with a layer that calls the next one.
pub const NOTHING: &str = "nothing";
/// The variant with a layer that wraps the body and records nothing.
pub const WRAP: &str = "wrap";
/// The variant of this workspace.
pub const OURS: &str = "tower-metrics";

/// How an axum router reaches its handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Routing {
    /// As `Router` is: it makes a handler's route, with every layer, anew for each request.
    PerRequest,
    /// As `axum::serve` does for each connection: `with_state` has made the routes once.
    Served,
}

/// An app on the thread that made it.
pub trait Subject {
    /// Answers this many requests one after the other, each to the end of its body.
    fn answer(&mut self, requests: usize);

    /// Answers one request for `path`.
    fn answer_to(&mut self, method: &str, path: &str);
}

/// Makes the app of a variant on the calling thread; all that it makes share their metrics.
type Make = Box<dyn Fn(Mix, Routing) -> Box<dyn Subject> + Send + Sync>;

/// An app that is measured.
pub struct Variant {
    name: &'static str,
    make: Make,
    router: Option<Router>,
    upkeep: fn(),
    scrape: Box<dyn Fn() -> Scrape + Send + Sync>,
}

/// How much a scrape of a variant brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scrape {
    /// Samples, or the data points of OpenTelemetry.
    pub samples: usize,
    /// Bytes of text; `None` if there is no text format.
    pub bytes: Option<usize>,
}

impl Scrape {
    /// Counts what a text in Prometheus' format holds.
    pub fn of_text(text: &str) -> Self {
        let is_sample = |line: &&str| !line.is_empty() && !line.starts_with('#');
        Self { samples: text.lines().filter(is_sample).count(), bytes: Some(text.len()) }
    }
}

impl Variant {
    pub(crate) fn new(
        name: &'static str,
        make: impl Fn(Mix, Routing) -> Box<dyn Subject> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            make: Box::new(make),
            router: None,
            upkeep: || (),
            scrape: Box::new(Scrape::default),
        }
    }

    pub(crate) fn with_router(mut self, router: Router) -> Self {
        self.router = Some(router);
        self
    }

    /// Sets what the library needs to be called in the background; it is left out of every time.
    #[cfg_attr(not(feature = "peers"), expect(dead_code, reason = "only peers need upkeep"))]
    pub(crate) fn with_upkeep(mut self, upkeep: fn()) -> Self {
        self.upkeep = upkeep;
        self
    }

    pub(crate) fn with_scrape(
        mut self,
        scrape: impl Fn() -> Scrape + Send + Sync + 'static,
    ) -> Self {
        self.scrape = Box::new(scrape);
        self
    }

    /// The name in results.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it records anything.
    pub fn is_measured(&self) -> bool {
        ![BARE, NOTHING, WRAP].contains(&self.name)
    }

    /// The router, if it is one of axum.
    pub fn router(&self) -> Option<Router> {
        self.router.clone()
    }

    /// Makes the app, for the calling thread.
    pub fn subject(&self, mix: Mix, routing: Routing) -> Box<dyn Subject> {
        (self.make)(mix, routing)
    }

    /// Does what the library has to be called for in the background.
    pub fn upkeep(&self) {
        (self.upkeep)();
    }

    /// Renders what was recorded.
    pub fn scrape(&self) -> Scrape {
        (self.scrape)()
    }
}

impl fmt::Debug for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variant").field("name", &self.name).finish_non_exhaustive()
    }
}
