//! Where the model's name comes from.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::Request;
use http::request::Parts;
use matchit::Router;
use percent_encoding::percent_decode_str;
use tower_metrics_core::middleware::TemplateError;
use tower_metrics_core::request::unless_it_panics;

/// Finds the name of the model that a request is for.
///
/// The name may be any: it is looked up among those of registered models, and never kept.
#[derive(Clone)]
pub struct ModelName {
    kind: Kind,
}

type FromHead = dyn Fn(&Parts) -> Option<Cow<'_, str>> + Send + Sync;
type Extract = dyn Fn(&mut Parts) -> Option<String> + Send + Sync;

#[derive(Clone)]
enum Kind {
    Templates(Arc<Router<()>>),
    Function(Arc<FromHead>),
    Extractor(Arc<Extract>),
}

impl ModelName {
    /// The parameter that templates take the name from.
    pub const PARAMETER: &'static str = "model_name";

    /// What stands in the path, by templates in the syntax of [`matchit`], as axum has it:
    /// `/predict/{model_name}`, `/models/{*model_name}`. Escapes are resolved.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] if a template is malformed, has no parameter `model_name`, or overlaps
    /// with another.
    pub fn templates<T: Into<String>>(
        templates: impl IntoIterator<Item = T>,
    ) -> Result<Self, TemplateError> {
        let mut router = Router::new();
        for template in templates {
            let template: String = template.into();
            if !has_parameter(&template) {
                return Err(TemplateError::new(template, "it has no parameter {model_name}"));
            }
            router
                .insert(template.clone(), ())
                .map_err(|error| TemplateError::new(template, error.to_string()))?;
        }
        Ok(Kind::Templates(Arc::new(router)).into())
    }

    /// What `find` finds in a request's head.
    pub fn from_fn(find: impl Fn(&Parts) -> Option<Cow<'_, str>> + Send + Sync + 'static) -> Self {
        Kind::Function(Arc::new(find)).into()
    }

    /// What `extract` extracts from a request's head; for the adapters of routers, whose
    /// extractors may change it.
    pub fn from_extractor(
        extract: impl Fn(&mut Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Kind::Extractor(Arc::new(extract)).into()
    }

    /// Calls `found` with the name, if the request has one.
    pub(super) fn with<B, T>(
        &self,
        request: Request<B>,
        found: impl FnOnce(&str) -> T,
    ) -> (Request<B>, Option<T>) {
        if let Kind::Templates(router) = &self.kind {
            let at = router.at(request.uri().path()).ok();
            let name = at.as_ref().and_then(|at| at.params.get(Self::PARAMETER));
            let found = name.map(|name| found(&percent_decode_str(name).decode_utf8_lossy()));
            return (request, found);
        }
        let (mut head, body) = request.into_parts();
        let name = match &self.kind {
            Kind::Templates(_) => None,
            Kind::Function(find) => unless_it_panics(|| find(&head)).flatten(),
            Kind::Extractor(extract) => {
                unless_it_panics(|| extract(&mut head)).flatten().map(Cow::Owned)
            }
        };
        let found = name.map(|name| found(&name));
        (Request::from_parts(head, body), found)
    }
}

/// Whether a template has the parameter, and not only its name between doubled braces, which are
/// escaped ones.
fn has_parameter(template: &str) -> bool {
    let unescaped = template.replace("{{", "").replace("}}", "");
    ["{model_name}", "{*model_name}"].iter().any(|parameter| unescaped.contains(parameter))
}

impl From<Kind> for ModelName {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl fmt::Debug for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Templates(_) => "templates",
            Kind::Function(_) => "from_fn",
            Kind::Extractor(_) => "from_extractor",
        })
    }
}
