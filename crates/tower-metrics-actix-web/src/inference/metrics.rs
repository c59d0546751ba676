//! The middleware's factory.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpResponse};
use tower_metrics_inference::{Inference, RequestOutcome};

use super::body::InferenceBody;
use super::service::InferenceService;
use super::settings::{ModelName, Settings};

/// Measures requests whose path names a model, as requests of that model; for [`Resource::wrap`].
///
/// The name is the parameter `model_name` of the path. actix-web routes behind the middleware of
/// an app or a scope: so this goes around the resource, or around a scope that has the parameter
/// in its own prefix. Where there is no such parameter, requests pass and are not measured; a name
/// that is not registered is counted under `unknown`.
///
/// ```
/// use actix_web::{App, web};
/// use tower_metrics_actix_web::InferenceMetrics;
/// use tower_metrics_inference::Inference;
///
/// async fn predict(model_name: web::Path<String>) -> String {
///     format!("{model_name} says: a cat")
/// }
///
/// let inference = Inference::builder().build()?;
/// inference.register("resnet50")?;
/// let app = App::new().service(
///     web::resource("/predict/{model_name}")
///         .wrap(InferenceMetrics::new(&inference))
///         .route(web::post().to(predict)),
/// );
/// # Ok::<(), tower_metrics_inference::InferenceError>(())
/// ```
///
/// # When a request ends
///
/// A successful one ends with the last byte of its response's body, or with its head if there is
/// no body; any that is no success with its head. Its status code says which it is
/// ([`RequestOutcome::of_status_code`]). A body that fails is an error of the type `body_error`, a
/// panic one of the type `panic`. An `Err` of the service inside counts under the status code that
/// it answers with; one of 500 or more as an error of the type `service_error`. Dropped before its
/// end, the request is cancelled, if there is no time limit.
///
/// [`Resource::wrap`]: actix_web::Resource::wrap
#[derive(Clone, Debug)]
#[must_use = "a middleware does nothing until it is around a service"]
pub struct InferenceMetrics {
    settings: Arc<Settings>,
}

impl InferenceMetrics {
    /// Measures the requests that name one of these models.
    pub fn new(inference: &Inference) -> Self {
        let settings = Settings {
            inference: inference.clone(),
            model_name: ModelName::Parameter("model_name".into()),
            time_limit: None,
            token_recorder: false,
            outcome: None,
        };
        Self { settings: Arc::new(settings) }
    }

    /// Sets the parameter of the path that the model's name is taken from. Defaults to
    /// `model_name`.
    pub fn with_parameter(mut self, name: impl Into<Arc<str>>) -> Self {
        self.settings_mut().model_name = ModelName::Parameter(name.into());
        self
    }

    /// Takes the model's name from what `find` finds in a request: in a header, for example.
    /// Defaults to the parameter of the path.
    pub fn with_model_name(
        mut self,
        find: impl Fn(&ServiceRequest) -> Option<Cow<'_, str>> + Send + Sync + 'static,
    ) -> Self {
        self.settings_mut().model_name = ModelName::Function(Arc::new(find));
        self
    }

    /// Sets after how long a timeout further out drops a request: it then counts as `timeout`, and
    /// not as `cancelled`. Defaults to never.
    ///
    /// Nothing happens at that time; whoever limits the request drops it. Since that one began to
    /// count a little earlier, the last hundredth of the time belongs to the timeout already.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.settings_mut().time_limit = Some(limit);
        self
    }

    /// Puts a [`TokenRecorder`] into the extensions of each request that is measured, so that its
    /// handler can note tokens (as [`web::ReqData`]): for resources that generate, since a request
    /// which notes none counts as one that generated none. Defaults to none.
    ///
    /// [`TokenRecorder`]: tower_metrics_inference::TokenRecorder
    /// [`web::ReqData`]: actix_web::web::ReqData
    pub fn with_token_recorder(mut self) -> Self {
        self.settings_mut().token_recorder = true;
        self
    }

    /// Sets how a request ends by its response: by what a handler put into the extensions, for
    /// example. Defaults to [`RequestOutcome::of_status_code`].
    pub fn with_outcome(
        mut self,
        outcome: impl Fn(&HttpResponse<()>) -> RequestOutcome<'_> + Send + Sync + 'static,
    ) -> Self {
        self.settings_mut().outcome = Some(Arc::new(outcome));
        self
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl<S, B> Transform<S, ServiceRequest> for InferenceMetrics
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<InferenceBody<B>>;
    type Error = Error;
    type Transform = InferenceService<S>;
    type InitError = ();
    type Future = Ready<Result<InferenceService<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(InferenceService::new(service, Arc::clone(&self.settings))))
    }
}
