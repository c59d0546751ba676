//! The model's name: a parameter of the path that axum matched.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams};
use http::request::Parts;
use tower_metrics_inference::{Inference, InferenceLayer, ModelName};

/// A layer that measures the requests of routes with a parameter `model_name` in their path; for
/// [`Router::layer`], [`Router::route_layer`] or a single route.
///
/// Other routes pass, and are not measured. In nested routers the parameter may stand in any part
/// of the path.
///
/// ```
/// use axum::{Router, extract::Path, routing::post};
/// use tower_metrics_inference::Inference;
///
/// async fn predict(Path(model_name): Path<String>) -> String {
///     format!("{model_name} says: a cat")
/// }
///
/// let inference = Inference::builder().build()?;
/// inference.register("resnet50")?;
/// let app: Router = Router::new()
///     .route("/predict/{model_name}", post(predict))
///     .route_layer(tower_metrics_axum::inference_layer(&inference));
/// # Ok::<(), tower_metrics_inference::InferenceError>(())
/// ```
///
/// [`Router::layer`]: axum::Router::layer
/// [`Router::route_layer`]: axum::Router::route_layer
pub fn inference_layer(inference: &Inference) -> InferenceLayer {
    InferenceLayer::new(inference, path_parameter(ModelName::PARAMETER))
}

/// Takes the model's name from this parameter of the path that axum matched; for
/// [`InferenceLayer::new`].
///
/// ```
/// use tower_metrics_axum::path_parameter;
/// use tower_metrics_inference::{Inference, InferenceLayer};
///
/// let inference = Inference::builder().build()?;
/// // For `/v1/engines/{engine}/completions`.
/// let layer = InferenceLayer::new(&inference, path_parameter("engine"));
/// # Ok::<(), tower_metrics_inference::InferenceError>(())
/// ```
pub fn path_parameter(name: impl Into<Arc<str>>) -> ModelName {
    let name = name.into();
    ModelName::from_extractor(move |head| find(head, &name))
}

fn find(head: &mut Parts, name: &str) -> Option<String> {
    let params = {
        let params = pin!(RawPathParams::from_request_parts(head, &()));
        // It waits for nothing.
        match params.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(params) => params,
            Poll::Pending => return None,
        }
    };
    let Ok(params) = params else { return undecodable(head, name) };
    let named = params.iter().filter(|(key, _)| *key == name);
    named.last().map(|(_, value)| value.to_owned())
}

/// What stands for a name whose escapes are no UTF-8, if there is the parameter: no model has an
/// empty name, so it is unknown.
fn undecodable(head: &Parts, name: &str) -> Option<String> {
    let template = head.extensions.get::<MatchedPath>()?.as_str();
    let parameters = [format!("{{{name}}}"), format!("{{*{name}}}")];
    let is_named = parameters.iter().any(|parameter| template.contains(&**parameter));
    is_named.then(String::new)
}
