//! What a layer records, decided when it is built.

use crate::names;
use crate::spec::MetricSpec;

/// The metrics of one layer and the options that shape them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) requests: MetricSpec,
    pub(crate) duration: MetricSpec,
    pub(crate) in_flight: MetricSpec,
    pub(crate) aborted: MetricSpec,
    pub(crate) time_to_first_byte: Option<MetricSpec>,
    pub(crate) request_size: Option<MetricSpec>,
    pub(crate) response_size: Option<MetricSpec>,
    pub(crate) label_overflow: MetricSpec,
    /// Whether `duration` ends with the response's head instead of its body.
    pub(crate) duration_until_head: bool,
    pub(crate) grpc_status: bool,
    pub(crate) max_endpoints: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            requests: names::REQUESTS,
            duration: names::DURATION,
            in_flight: names::IN_FLIGHT,
            aborted: names::ABORTED,
            time_to_first_byte: None,
            request_size: None,
            response_size: None,
            label_overflow: names::LABEL_OVERFLOW,
            duration_until_head: false,
            grpc_status: false,
            max_endpoints: 1_000,
        }
    }
}

impl Settings {
    /// Adds the label `grpc_status` to the request counter.
    pub(crate) fn add_grpc_status(&mut self) {
        if !self.grpc_status {
            self.grpc_status = true;
            self.requests.labels.to_mut().push(names::GRPC_STATUS.into());
        }
    }

    /// Whether the moment in which the head of a response is ready matters.
    pub(crate) fn times_head(&self) -> bool {
        self.duration_until_head || self.time_to_first_byte.is_some()
    }

    /// Every metric that is switched on, for declaring.
    pub(crate) fn specs(&self) -> Vec<MetricSpec> {
        let mut specs = vec![
            self.requests.clone(),
            self.duration.clone(),
            self.in_flight.clone(),
            self.aborted.clone(),
            self.label_overflow.clone(),
        ];
        let optional = [&self.time_to_first_byte, &self.request_size, &self.response_size];
        specs.extend(optional.into_iter().flatten().cloned());
        specs
    }
}
