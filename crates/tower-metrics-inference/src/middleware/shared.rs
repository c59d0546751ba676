//! What the services of a layer share: where a request is counted in, and what its head says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::response::Parts;
use http::{Request, Response};
use http_body::Body;
use tower_metrics_core::middleware::content_length;
use tower_metrics_core::request::unless_it_panics;

use super::model_name::ModelName;
use crate::inference::Inference;
use crate::request::{Exchange, RequestOutcome};

pub(super) type OutcomeOfHead = dyn Fn(&Parts) -> RequestOutcome<'_> + Send + Sync;

#[derive(Clone)]
pub(super) struct Shared {
    pub(super) inference: Inference,
    pub(super) model_name: ModelName,
    pub(super) time_limit: Option<Duration>,
    pub(super) token_recorder: bool,
    pub(super) outcome: Option<Arc<OutcomeOfHead>>,
}

impl Shared {
    /// Counts a request in, if it names a model.
    pub(super) fn arrive<B>(&self, request: Request<B>) -> (Request<B>, Option<Exchange>) {
        let (mut request, model) = self.model_name.with(request, |name| self.inference.model(name));
        let Some(model) = model else { return (request, None) };
        let mut exchange = Exchange::start(&model, request.method().as_str());
        if let Some(limit) = self.time_limit {
            exchange = exchange.with_time_limit(limit);
        }
        if self.token_recorder {
            request.extensions_mut().insert(exchange.recorder());
        }
        (request, Some(exchange))
    }

    /// Tells a request about the head of its response.
    pub(super) fn answer<B: Body>(
        &self,
        response: Response<B>,
        exchange: &mut Exchange,
    ) -> Response<B> {
        let status = response.status();
        let length =
            if response.body().is_end_stream() { Some(0) } else { content_length(&response) };
        let (head, body) = response.into_parts();
        let own = self.outcome.as_ref().and_then(|own| unless_it_panics(|| own(&head)));
        let outcome = own.unwrap_or_else(|| RequestOutcome::of_status_code(status.as_str()));
        exchange.answer(status.as_u16(), outcome, length);
        Response::from_parts(head, body)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("inference", &self.inference)
            .field("model_name", &self.model_name)
            .field("time_limit", &self.time_limit)
            .field("token_recorder", &self.token_recorder)
            .finish_non_exhaustive()
    }
}
