//! Random requests: what they ask for, and what their service does with them.

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, Response};
use proptest::prelude::*;
use tower::util::BoxService;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_metrics::middleware::Unmeasured;
use tower_metrics::{Route, RouteLayer};
use tower_metrics_tests::scripted::{
    BodyStep, FutureStep, ScriptedBody, ScriptedError, ScriptedService,
};

const ROUTES: [&str; 3] = ["/a", "/b/{id}", "/c"];

/// The service of a [`Scenario`].
pub(super) type Service = BoxService<Request<()>, Response<ScriptedBody>, ScriptedError>;

/// One request, and what its service does with it.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) method: Method,
    pub(super) name: Name,
    pub(super) pending: usize,
    pub(super) head: Head,
    pub(super) length: Length,
    pub(super) body: Vec<BodyStep>,
    pub(super) tells_end: bool,
}

/// Who names the endpoint of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Name {
    Nobody,
    Request(&'static str),
    Layer(&'static str),
    /// A layer behind a login, which is pending once.
    LayerBehindLogin(&'static str),
    Response(&'static str),
}

/// What a service gives after it was pending.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Head {
    Status(u16),
    /// A response that says that it is not to be counted.
    Unmeasured,
    Error,
    Panic,
    /// A panic before there is a future.
    PanicInCall,
    Never,
}

/// Who tells how long a body is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Length {
    Unknown,
    SizeHint,
    Header(u64),
}

impl Scenario {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let method = prop::sample::select(vec![Method::GET, Method::POST, Method::HEAD]);
        let pending = 0..3_usize;
        let body = prop::collection::vec(body_step(), 0..5);
        (method, name(), pending, head(), length(), body, any::<bool>()).prop_map(
            |(method, name, pending, head, length, body, tells_end)| Self {
                method,
                name,
                pending,
                head,
                length,
                body,
                tells_end,
            },
        )
    }

    pub(super) fn request(&self) -> Request<()> {
        let mut request = Request::builder().method(self.method.clone());
        if let Name::Request(route) = self.name {
            request = request.extension(Route::from(route));
        }
        request.body(()).unwrap()
    }

    pub(super) fn service(&self) -> Service {
        let scripted = self.scripted();
        match self.name {
            Name::Nobody | Name::Request(_) | Name::Response(_) => scripted.boxed(),
            Name::Layer(route) => RouteLayer::new(route).layer(scripted).boxed(),
            Name::LayerBehindLogin(route) => {
                let named = RouteLayer::new(route).layer(scripted);
                service_fn(move |request| {
                    let named = named.clone();
                    async {
                        let login = [FutureStep::Pending, FutureStep::Answer(Response::new(()))];
                        ScriptedService::new(login).oneshot(Request::new(())).await?;
                        named.oneshot(request).await
                    }
                })
                .boxed()
            }
        }
    }

    fn scripted(&self) -> ScriptedService<ScriptedBody> {
        let mut steps = vec![FutureStep::Pending; self.pending];
        match self.head {
            Head::Status(status) => steps.push(FutureStep::Answer(self.response(status))),
            Head::Unmeasured => {
                let mut response = self.response(200);
                response.extensions_mut().insert(Unmeasured::new());
                steps.push(FutureStep::Answer(response));
            }
            Head::Error => steps.push(FutureStep::Error),
            Head::Panic => steps.push(FutureStep::Panic),
            Head::PanicInCall => return ScriptedService::new(steps).with_panic_in_call(),
            Head::Never => {}
        }
        ScriptedService::new(steps)
    }

    fn response(&self, status: u16) -> Response<ScriptedBody> {
        let mut response = Response::builder().status(status);
        if let Name::Response(route) = self.name {
            response = response.extension(Route::from(route));
        }
        if let Length::Header(length) = self.length {
            response = response.header(CONTENT_LENGTH, length);
        }
        let mut body = ScriptedBody::new(self.body.clone());
        if self.length == Length::SizeHint {
            body = body.with_exact_size();
        }
        if self.tells_end {
            body = body.with_end_told();
        }
        response.body(body).unwrap()
    }
}

fn name() -> impl Strategy<Value = Name> {
    let route = || prop::sample::select(&ROUTES[..]);
    prop_oneof![
        1 => Just(Name::Nobody),
        4 => route().prop_map(Name::Request),
        2 => route().prop_map(Name::Layer),
        2 => route().prop_map(Name::LayerBehindLogin),
        2 => route().prop_map(Name::Response),
    ]
}

fn head() -> impl Strategy<Value = Head> {
    prop_oneof![
        10 => prop::sample::select(vec![200, 204, 404, 500]).prop_map(Head::Status),
        1 => Just(Head::Unmeasured),
        1 => Just(Head::Error),
        1 => Just(Head::Panic),
        1 => Just(Head::PanicInCall),
        1 => Just(Head::Never),
    ]
}

fn length() -> impl Strategy<Value = Length> {
    prop_oneof![Just(Length::Unknown), Just(Length::SizeHint), (0..8_u64).prop_map(Length::Header)]
}

fn body_step() -> impl Strategy<Value = BodyStep> {
    prop_oneof![
        4 => Just(BodyStep::Pending),
        8 => (0..4_usize).prop_map(BodyStep::Data),
        1 => Just(BodyStep::Trailers(HeaderMap::new())),
        1 => Just(BodyStep::Error),
        1 => Just(BodyStep::Panic),
        1 => Just(BodyStep::End),
    ]
}
