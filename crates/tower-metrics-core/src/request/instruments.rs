//! The metrics of a middleware, as its requests find them.

use std::sync::Arc;

use super::endpoints::Endpoints;
use super::extra::ExtraLabels;
use super::guard::RequestGuard;
use super::settings::Settings;
use super::source::Source;
use crate::backend::{Backend, DeclareError};
use crate::labels::Method;

/// The metrics of a layer: the cached handles, and the backend that they come from.
///
/// Clones share everything. Looking up the handles of a request takes no lock and allocates
/// nothing, once its endpoint was seen, if it has no extra labels and the backend [keeps] its handles.
///
/// [keeps]: Backend::keeps_handles
#[derive(Clone, Debug)]
pub struct Instruments {
    cache: Arc<Endpoints>,
}

impl Instruments {
    pub(crate) fn new(backend: Arc<dyn Backend>, settings: Settings) -> Self {
        Self { cache: Endpoints::new(Arc::new(Source::new(backend, settings))) }
    }

    /// The same metrics, limits included, with a cache of its own.
    ///
    /// Each request counts up and down who uses the handles of its route; threads that have a
    /// cache each do that without waiting for each other.
    #[must_use]
    pub fn with_own_cache(&self) -> Self {
        Self { cache: Endpoints::new(Arc::clone(self.cache.source())) }
    }

    pub(crate) fn declare(&self) -> Result<(), DeclareError> {
        self.cache.source().declare()
    }

    pub(crate) fn declare_or_warn(&self) {
        self.cache.source().declare_or_warn();
    }

    /// Whether the size of request bodies is recorded, so that somebody has to count their bytes
    /// ([`RequestGuard::watch_request_bytes`]).
    pub fn measures_request_size(&self) -> bool {
        self.cache.source().settings().request_size.is_some()
    }

    /// The index of the label `http_version`, if it is on.
    pub(super) fn http_version_label(&self) -> Option<usize> {
        self.cache.source().settings().http_version
    }

    /// The index of the label `scheme`, if it is on.
    pub(super) fn scheme_label(&self) -> Option<usize> {
        self.cache.source().settings().scheme
    }

    /// Whether there are labels that say over which protocol a request came.
    pub fn labels_by_protocol(&self) -> bool {
        self.http_version_label().is_some() || self.scheme_label().is_some()
    }

    /// The index of the first extra label that a rule makes.
    pub(super) fn first_own_label(&self) -> usize {
        self.cache.source().settings().first_own_label
    }

    /// The values of the extra labels for [`start`](Self::start), all empty at first.
    pub(super) fn extra_labels(&self) -> ExtraLabels {
        ExtraLabels::new(self.cache.source())
    }

    /// Sets the value of the extra label `index` in `labels`; a value that is one too many is
    /// replaced and counted.
    pub(super) fn set_label(&self, labels: &mut ExtraLabels, index: usize, value: &str) {
        labels.set(self.cache.source(), index, value);
    }

    /// Counts in a request that arrived now; the guard counts it out.
    ///
    /// `written` is the method as the request has it, `method` what that is known as. `route` is the
    /// template of the matched route, `None` if no route matched or none is known yet
    /// ([`RequestGuard::set_route`]).
    #[inline]
    pub fn start(
        &self,
        method: Method,
        written: &str,
        route: Option<&str>,
        labels: ExtraLabels,
    ) -> RequestGuard {
        let mut guard = self.start_in(method, written, route, self.in_flight_labels(&labels));
        guard.set_labels(labels);
        guard
    }

    /// Those of the extra labels that a request is counted in by.
    #[inline]
    pub(crate) fn in_flight_labels<'a>(&self, labels: &'a ExtraLabels) -> &'a [Arc<str>] {
        let by_extra = self.cache.source().settings().in_flight_by_extra;
        if by_extra { labels.values() } else { &[] }
    }

    /// Counts a request in by these of the extra labels, without noting the others.
    #[inline]
    pub(crate) fn start_in(
        &self,
        method: Method,
        written: &(impl AsRef<str> + ?Sized),
        route: Option<&str>,
        labels: &[Arc<str>],
    ) -> RequestGuard {
        let label = self.cache.source().settings().methods.label(method, || written.as_ref());
        RequestGuard::new(self.cache.series(route, label, labels), method, route.is_some())
    }

    /// Names the route of a request that these instruments counted in; as
    /// [`RequestGuard::set_route`], which has to look for them.
    #[inline]
    pub fn set_route(&self, guard: &mut RequestGuard, route: &str) {
        guard.set_route_in(&self.cache, route);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    use metrics::{
        Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };

    use super::*;
    use crate::request::plan::Plan;
    use crate::spec::MetricSpec;

    /// Says by turns that it records and that it does not, and counts what is in flight all the while.
    #[derive(Default)]
    struct Pausing {
        is_recording: AtomicBool,
        in_flight: Arc<InFlight>,
    }

    #[derive(Default)]
    struct InFlight(AtomicI64);

    impl GaugeFn for InFlight {
        fn increment(&self, _: f64) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn decrement(&self, _: f64) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }

        fn set(&self, _: f64) {}
    }

    impl Backend for Pausing {
        fn declare(&self, _: &[MetricSpec]) -> Result<(), DeclareError> {
            Ok(())
        }

        fn is_recording(&self) -> bool {
            self.is_recording.fetch_xor(true, Ordering::Relaxed)
        }

        fn keeps_handles(&self) -> bool {
            true
        }
    }

    impl Recorder for Pausing {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(Arc::clone(&self.in_flight))
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    /// Whenever a backend begins or ends to record, also between two questions of one look-up, no
    /// request waits for it, and each is counted out where it was counted in.
    #[test]
    fn a_backend_that_pauses_holds_no_request_up() {
        let backend = Pausing::default();
        let in_flight = Arc::clone(&backend.in_flight);
        let instruments = Instruments::new(Arc::new(backend), Plan::default().settings().unwrap());
        let start = |route: &str| {
            instruments.start(Method::Get, "GET", Some(route), ExtraLabels::default())
        };
        for round in 0..20 {
            let guards = ["/a", "/b", "/c"].map(start);
            assert_eq!(in_flight.0.load(Ordering::Relaxed), 3, "in round {round}");
            drop(guards);
            assert_eq!(in_flight.0.load(Ordering::Relaxed), 0, "after round {round}");
            // The next round meets the backend in the other state.
            if round % 2 == 0 {
                instruments.cache.source().is_recording();
            }
        }
    }
}
