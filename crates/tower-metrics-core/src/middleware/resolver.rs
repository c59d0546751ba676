//! Where the route of a request comes from.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{Extensions, Uri};
use matchit::Router;

use super::error::TemplateError;
use crate::request::unless_it_panics;

/// Finds the route of a request: the value of the `endpoint` label.
///
/// Routers come with their own; these are for services without one. See
/// [`with_routes`](crate::Builder::with_routes).
///
/// ```
/// use tower_metrics_core::middleware::RouteResolver;
///
/// let routes = RouteResolver::templates(["/users/{id}", "/files/{*path}"])?;
/// let grpc = RouteResolver::grpc(["helloworld.Greeter/SayHello"]);
/// let single = RouteResolver::fixed("the service");
/// # Ok::<(), tower_metrics_core::middleware::TemplateError>(())
/// ```
#[derive(Clone)]
pub struct RouteResolver {
    kind: Kind,
}

type FromExtensions = fn(&Extensions) -> Option<&str>;
type FromRequest = dyn Fn(&Parts) -> Option<Cow<'_, str>> + Send + Sync;

#[derive(Clone)]
enum Kind {
    Unknown,
    Fixed(Arc<str>),
    Extensions(FromExtensions),
    Templates(Arc<Router<Box<str>>>),
    /// By path the methods, by service name the services of which any method is known.
    Grpc {
        methods: Arc<HashSet<Box<str>>>,
        services: Arc<HashMap<Box<str>, Box<str>>>,
    },
    Function(Arc<FromRequest>),
}

impl RouteResolver {
    /// No route is known: requests are `unmatched`, until a [`Route`](crate::Route) names them.
    pub fn unknown() -> Self {
        Kind::Unknown.into()
    }

    /// One name for all requests.
    pub fn fixed(route: impl Into<Arc<str>>) -> Self {
        Kind::Fixed(route.into()).into()
    }

    /// Templates in the syntax of [`matchit`], as axum has it: `/users/{id}`, `/files/{*path}`.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] if a template is malformed or overlaps with another.
    pub fn templates<T: Into<String>>(
        templates: impl IntoIterator<Item = T>,
    ) -> Result<Self, TemplateError> {
        let mut router = Router::new();
        for template in templates {
            let template: String = template.into();
            router
                .insert(template.clone(), template.clone().into())
                .map_err(|error| TemplateError::new(template, error.to_string()))?;
        }
        Ok(Kind::Templates(Arc::new(router)).into())
    }

    /// The paths of gRPC methods, given as `package.Service/Method`; a `package.Service` alone
    /// counts all its methods under `/package.Service/{method}`. Others are `unmatched`, since a
    /// client could make them up.
    pub fn grpc<T: AsRef<str>>(known: impl IntoIterator<Item = T>) -> Self {
        let (mut methods, mut services) = (HashSet::new(), HashMap::new());
        for name in known {
            let name = name.as_ref().trim_start_matches('/');
            if name.contains('/') {
                methods.insert(format!("/{name}").into());
            } else {
                services.insert(name.into(), format!("/{name}/{{method}}").into());
            }
        }
        Kind::Grpc { methods: Arc::new(methods), services: Arc::new(services) }.into()
    }

    /// What `find` finds in a request's extensions; for the adapters of routers.
    pub fn from_extensions(find: FromExtensions) -> Self {
        Kind::Extensions(find).into()
    }

    /// What `find` makes of a request. At most as many as
    /// [`with_max_endpoints`](crate::Builder::with_max_endpoints) says are told apart.
    pub fn from_fn(find: impl Fn(&Parts) -> Option<Cow<'_, str>> + Send + Sync + 'static) -> Self {
        Kind::Function(Arc::new(find)).into()
    }

    /// The route of a request.
    pub(super) fn resolve<'a>(&'a self, request: &'a Parts) -> Option<Cow<'a, str>> {
        match &self.kind {
            Kind::Function(find) => unless_it_panics(|| find(request)).flatten(),
            _ => self.find(&request.uri, &request.extensions).map(Cow::Borrowed),
        }
    }

    /// The route of a request, if no function has to be asked for it.
    #[inline]
    pub(super) fn find<'a>(&'a self, uri: &Uri, extensions: &'a Extensions) -> Option<&'a str> {
        match &self.kind {
            Kind::Extensions(find) => find(extensions),
            _ => self.find_by_path(uri),
        }
    }

    #[inline(never)]
    fn find_by_path(&self, uri: &Uri) -> Option<&str> {
        match &self.kind {
            Kind::Unknown | Kind::Extensions(_) | Kind::Function(_) => None,
            Kind::Fixed(route) => Some(route),
            Kind::Templates(router) => router.at(uri.path()).ok().map(|found| &**found.value),
            Kind::Grpc { methods, services } => {
                let path = uri.path();
                let by_service = || {
                    let (service, method) = path.strip_prefix('/')?.split_once('/')?;
                    services.get(service).filter(|_| !method.is_empty() && !method.contains('/'))
                };
                methods.get(path).or_else(by_service).map(|route| &**route)
            }
        }
    }

    pub(super) fn is_function(&self) -> bool {
        matches!(self.kind, Kind::Function(_))
    }
}

impl Default for RouteResolver {
    fn default() -> Self {
        Self::unknown()
    }
}

impl From<Kind> for RouteResolver {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

impl fmt::Debug for RouteResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Unknown => "unknown",
            Kind::Fixed(_) => "fixed",
            Kind::Extensions(_) => "from_extensions",
            Kind::Templates(_) => "templates",
            Kind::Grpc { .. } => "grpc",
            Kind::Function(_) => "from_fn",
        })
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn resolve(resolver: &RouteResolver, uri: &str) -> Option<String> {
        let (request, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        resolver.resolve(&request).map(Cow::into_owned)
    }

    /// A list of templates is a router of its own; what it does not know stays unmatched.
    #[test]
    fn templates_match_like_a_router() {
        let routes = RouteResolver::templates(["/users/{id}", "/files/{*path}"]).unwrap();
        assert_eq!(resolve(&routes, "/users/7?x=1").as_deref(), Some("/users/{id}"));
        assert_eq!(resolve(&routes, "/files/a/b").as_deref(), Some("/files/{*path}"));
        assert_eq!(resolve(&routes, "/users/7/posts"), None);

        let error = RouteResolver::templates(["/{a}", "/{b}"]).unwrap_err();
        assert_eq!(error.template(), "/{b}");
        assert!(error.to_string().starts_with(r#"path template "/{b}" is not usable: "#));
        assert!(RouteResolver::templates(["/{"]).is_err());
    }

    /// A path is a label only if its service is known, and its method is known or left out.
    #[test]
    fn only_known_grpc_methods_are_named() {
        let routes = RouteResolver::grpc(["a.Greeter/SayHello", "a.Health"]);
        assert_eq!(resolve(&routes, "/a.Greeter/SayHello").as_deref(), Some("/a.Greeter/SayHello"));
        assert_eq!(resolve(&routes, "/a.Greeter/Other"), None);
        assert_eq!(resolve(&routes, "/a.Health/Check").as_deref(), Some("/a.Health/{method}"));
        assert_eq!(resolve(&routes, "/a.Health/Check/x"), None);
        assert_eq!(resolve(&routes, "/a.Unknown/Check"), None);
    }

    /// One name, or one made of the request.
    #[test]
    fn a_name_may_be_fixed_or_computed() {
        assert_eq!(resolve(&RouteResolver::fixed("it"), "/x").as_deref(), Some("it"));
        let first =
            RouteResolver::from_fn(|head| head.uri.path().split('/').nth(1).map(Cow::Borrowed));
        assert_eq!(resolve(&first, "/api/x").as_deref(), Some("api"));
        assert_eq!(resolve(&RouteResolver::unknown(), "/x"), None);
    }
}
