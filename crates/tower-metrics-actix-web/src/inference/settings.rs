//! What the services of a middleware share: where a request is counted in, and what its response
//! says.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{HttpMessage as _, HttpResponse};
use percent_encoding::percent_decode_str;
use tower_metrics_core::request::unless_it_panics;
use tower_metrics_inference::request::Exchange;
use tower_metrics_inference::{Inference, RequestOutcome};

use crate::future::content_length;

pub(super) type FindName = dyn Fn(&ServiceRequest) -> Option<Cow<'_, str>> + Send + Sync;
pub(super) type OutcomeOf = dyn Fn(&HttpResponse<()>) -> RequestOutcome<'_> + Send + Sync;

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) inference: Inference,
    pub(super) model_name: ModelName,
    pub(super) time_limit: Option<Duration>,
    pub(super) token_recorder: bool,
    pub(super) outcome: Option<Arc<OutcomeOf>>,
}

/// Where the model's name comes from.
#[derive(Clone)]
pub(super) enum ModelName {
    Parameter(Arc<str>),
    Function(Arc<FindName>),
}

impl Settings {
    /// Counts a request in, if it names a model.
    pub(super) fn arrive(&self, request: &ServiceRequest) -> Option<Exchange> {
        let name = match &self.model_name {
            // Routing leaves some escapes; `web::Path` resolves them as this does.
            ModelName::Parameter(name) => {
                let value = request.match_info().get(name);
                value.map(|value| percent_decode_str(value).decode_utf8_lossy())
            }
            ModelName::Function(find) => unless_it_panics(|| find(request)).flatten(),
        };
        let model = self.inference.model(&name?);
        let mut exchange = Exchange::start(&model, request.method().as_str());
        if let Some(limit) = self.time_limit {
            exchange = exchange.with_time_limit(limit);
        }
        if self.token_recorder {
            request.extensions_mut().insert(exchange.recorder());
        }
        Some(exchange)
    }

    /// Tells a request about the head of its response.
    pub(super) fn answer<B: MessageBody>(
        &self,
        response: ServiceResponse<B>,
        exchange: &mut Exchange,
    ) -> ServiceResponse<B> {
        let (request, response) = response.into_parts();
        let status = response.status();
        let length =
            if response.body().size().is_eof() { Some(0) } else { content_length(&response) };
        let (head, body) = response.into_parts();
        let own = self.outcome.as_ref().and_then(|own| unless_it_panics(|| own(&head)));
        let outcome = own.unwrap_or_else(|| RequestOutcome::of_status_code(status.as_str()));
        exchange.answer(status.as_u16(), outcome, length);
        ServiceResponse::new(request, head.set_body(body))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("inference", &self.inference)
            .field("model_name", &self.model_name)
            .field("time_limit", &self.time_limit)
            .field("token_recorder", &self.token_recorder)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => name.fmt(f),
            Self::Function(_) => f.write_str("a function"),
        }
    }
}
