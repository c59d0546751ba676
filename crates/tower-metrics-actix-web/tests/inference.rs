//! Resources whose path names a model: the handler has no code for it.
#![cfg(feature = "inference")]
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/app.rs"]
mod app;
#[path = "support/inference.rs"]
mod inference;
mod support;

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{pending, ready};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use actix_web::body::{BodyStream, BoxBody, MessageBody, SizedStream};
use actix_web::dev::{Service as _, ServiceRequest};
use actix_web::error::{ErrorBadGateway, ErrorTooManyRequests};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Bytes, ReqData};
use actix_web::{App, Error, HttpResponse};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio_test::{assert_pending, task};
use tower_metrics_actix_web::{InferenceMetrics, Metrics};
use tower_metrics_inference::{FinishReason, RequestOutcome, TokenRecorder};
use tower_metrics_prometheus::Exporter;

use app::call;
use inference::{assert_inferred, inferred, measured, registry};
use support::assert_counted;

const PATH: &str = "/predict/resnet50";
const SUCCESS: &[&str] = &["requests resnet50 success 1", "durations resnet50 1"];
const CANCELLED: &[&str] = &["requests resnet50 cancelled 1", "durations resnet50 1"];
const IN_FLIGHT: &[&str] = &["in_flight resnet50 1"];

fn error(error_type: &str) -> [String; 3] {
    [
        "requests resnet50 error 1".to_owned(),
        format!("errors resnet50 {error_type} 1"),
        "durations resnet50 1".to_owned(),
    ]
}

/// Sends a request to a resource that answers with `response`, and gives back the body as a server
/// would take it.
async fn respond(
    method: Method,
    response: impl Fn() -> HttpResponse + Clone + 'static,
) -> (Exporter, task::Spawn<impl MessageBody>) {
    let (exporter, inference) = registry();
    let resource = web::resource("/predict/{model_name}")
        .wrap(InferenceMetrics::new(&inference))
        .route(web::route().to(move || ready(response())));
    let app = init_service(App::new().service(resource)).await;
    let request = TestRequest::with_uri(PATH).method(method).to_request();
    let body = app.call(request).await.unwrap().into_body();
    (exporter, task::spawn(body))
}

fn poll(body: &mut task::Spawn<impl MessageBody>, polls: usize) {
    for _ in 0..polls {
        let _ = body.enter(|cx, body| body.poll_next(cx));
    }
}

fn chunks() -> BoxBody {
    let chunks = ["first", "second"].map(|chunk| Ok::<_, io::Error>(Bytes::from(chunk)));
    BodyStream::new(stream::iter(chunks)).boxed()
}

/// The status code says how a request ended; one that is no success ends with its head.
#[actix_web::test]
async fn a_status_code_is_an_outcome() {
    for (code, expected) in [
        (200, SUCCESS),
        (302, SUCCESS),
        (404, &["requests resnet50 rejected 1"]),
        (429, &["requests resnet50 rejected 1"]),
        (503, &["requests resnet50 rejected 1"]),
        (408, &["requests resnet50 timeout 1", "durations resnet50 1"]),
        (504, &["requests resnet50 timeout 1", "durations resnet50 1"]),
        (499, CANCELLED),
        (500, &error("500").each_ref().map(String::as_str)),
        (502, &error("502").each_ref().map(String::as_str)),
    ] {
        let status = StatusCode::from_u16(code).unwrap();
        let response = move || HttpResponse::with_body(status, chunks());
        let (exporter, mut body) = respond(Method::POST, response).await;
        if expected == SUCCESS {
            assert_inferred(&exporter, IN_FLIGHT);
            poll(&mut body, 3);
        }
        assert_inferred(&exporter, expected);
        drop(body);
        assert_inferred(&exporter, expected);
    }
}

/// Nothing is sent of such a body, or nothing more, though it has not said that it is over.
#[actix_web::test]
async fn a_body_of_which_everything_was_taken_is_a_success_when_dropped() {
    let sized = || {
        let chunk = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"five!"))]);
        HttpResponse::Ok().body(SizedStream::new(5, chunk))
    };
    let declared = || {
        let chunk = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"five!"))]);
        HttpResponse::Ok().no_chunking(5).streaming(chunk)
    };
    for (method, response, polls) in [
        (Method::POST, (|| HttpResponse::Ok().finish()) as fn() -> _, 0),
        (Method::POST, || HttpResponse::NoContent().finish(), 0),
        (Method::POST, || HttpResponse::NotModified().body("text"), 0),
        (Method::HEAD, || HttpResponse::Ok().body("text"), 0),
        (Method::POST, || HttpResponse::Ok().body("text"), 1),
        (Method::POST, sized, 1),
        (Method::POST, declared, 1),
    ] {
        let (exporter, mut body) = respond(method, response).await;
        poll(&mut body, polls);
        drop(body);
        assert_inferred(&exporter, SUCCESS);
    }
}

/// What the client did not wait for, what breaks off, and what panics.
#[actix_web::test]
async fn a_body_that_does_not_come_to_its_end_is_no_success() {
    for polls in 0..3 {
        let (exporter, mut body) =
            respond(Method::POST, || HttpResponse::Ok().body(chunks())).await;
        poll(&mut body, polls);
        drop(body);
        assert_inferred(&exporter, CANCELLED);
    }

    let failing = || {
        let chunks = [Ok(Bytes::from_static(b"first")), Err(io::Error::other("no second"))];
        HttpResponse::Ok().body(BodyStream::new(stream::iter(chunks)))
    };
    let (exporter, mut body) = respond(Method::POST, failing).await;
    poll(&mut body, 2);
    assert_inferred(&exporter, &error("body_error").each_ref().map(String::as_str));

    let panicking = || {
        let chunks = stream::poll_fn(|_| resume_unwind(Box::new("a panic of the body")));
        HttpResponse::Ok().body(BodyStream::new(chunks.map(Ok::<Bytes, Infallible>)))
    };
    let (exporter, mut body) = respond(Method::POST, panicking).await;
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut body, 1))).is_err());
    assert_inferred(&exporter, &error("panic").each_ref().map(String::as_str));
}

/// A request that is dropped, or that panics, before there is a response.
#[actix_web::test]
async fn a_request_without_a_response_is_no_success() {
    let limit = |metrics: InferenceMetrics| metrics.with_time_limit(Duration::ZERO);
    let timeout = &["requests resnet50 timeout 1", "durations resnet50 1"];
    for (configure, expected) in [((|it| it) as fn(_) -> _, CANCELLED), (limit, timeout)] {
        let (exporter, inference) = registry();
        let resource = web::resource("/predict/{model_name}")
            .wrap(configure(InferenceMetrics::new(&inference)))
            .to(pending::<&str>);
        let app = init_service(App::new().service(resource)).await;
        let mut future = task::spawn(app.call(TestRequest::with_uri(PATH).to_request()));
        assert_pending!(future.poll());
        assert_inferred(&exporter, IN_FLIGHT);
        drop(future);
        assert_inferred(&exporter, expected);
    }

    let (exporter, inference) = registry();
    let panics = async || -> &str { resume_unwind(Box::new("a panic of the handler")) };
    let resource =
        web::resource("/predict/{model_name}").wrap(InferenceMetrics::new(&inference)).to(panics);
    let app = init_service(App::new().service(resource)).await;
    let future = app.call(TestRequest::with_uri(PATH).to_request());
    assert!(AssertUnwindSafe(future).catch_unwind().await.is_err());
    assert_inferred(&exporter, &error("panic").each_ref().map(String::as_str));
}

/// An `Err` of a middleware further in is an answer, unless it says that the service failed.
#[actix_web::test]
async fn an_err_is_counted_by_its_status() {
    async fn refuse(_: ServiceRequest, _: Next<BoxBody>) -> Result<Never, Error> {
        Err(ErrorTooManyRequests("too many"))
    }
    async fn fail(_: ServiceRequest, _: Next<BoxBody>) -> Result<Never, Error> {
        Err(ErrorBadGateway("no upstream"))
    }
    type Never = actix_web::dev::ServiceResponse<BoxBody>;

    let (exporter, inference) = registry();
    let resource = web::resource("/predict/{model_name}").to(async || "a cat");
    let resource = resource.wrap(from_fn(refuse)).wrap(InferenceMetrics::new(&inference));
    let app = init_service(App::new().service(resource)).await;
    call(&app, TestRequest::with_uri(PATH).to_request()).await;
    assert_inferred(&exporter, &["requests resnet50 rejected 1"]);

    let (exporter, inference) = registry();
    let resource = web::resource("/predict/{model_name}").to(async || "a cat");
    let resource = resource.wrap(from_fn(fail)).wrap(InferenceMetrics::new(&inference));
    let app = init_service(App::new().service(resource)).await;
    call(&app, TestRequest::with_uri(PATH).to_request()).await;
    assert_inferred(&exporter, &error("service_error").each_ref().map(String::as_str));
}

/// The name is what the handler gets, escapes resolved, in whatever part of the path it stands.
#[actix_web::test]
async fn the_name_is_that_of_the_route() {
    let (exporter, inference) = registry();
    inference.register("meta/llama").unwrap();
    let metrics = || InferenceMetrics::new(&inference);
    let predict = async |name: web::Path<String>| name.into_inner();
    let app = App::new()
        .service(web::resource("/predict/{model_name}").wrap(metrics()).to(predict))
        .service(web::resource(r"/typed/{model_name:\w+}").wrap(metrics()).to(predict))
        .service(
            web::resource("/engines/{engine}").wrap(metrics().with_parameter("engine")).to(predict),
        )
        .service(web::scope("/scope").service(
            web::scope("/{model_name}").wrap(metrics()).route("/predict", web::to(predict)),
        ))
        .service(web::resource("/health").wrap(metrics()).to(async || "fine"));
    let app = init_service(app).await;
    for (path, name) in [
        (PATH, "resnet50"),
        ("/predict/%72esnet50", "resnet50"),
        ("/predict/meta%2Fllama", "meta/llama"),
        ("/typed/resnet50", "resnet50"),
        ("/engines/resnet50", "resnet50"),
        ("/scope/resnet50/predict", "resnet50"),
        ("/predict/made-up", "made-up"),
        ("/health", "fine"),
    ] {
        assert_eq!(call(&app, TestRequest::with_uri(path).to_request()).await.body(), name);
    }
    assert_inferred(
        &exporter,
        &[
            "requests meta/llama success 1",
            "requests resnet50 success 5",
            "requests unknown success 1",
            "durations meta/llama 1",
            "durations resnet50 5",
            "durations unknown 1",
        ],
    );
}

/// Around an app, where actix-web has not routed yet, a function may know the name.
#[actix_web::test]
async fn a_function_names_the_model() {
    for panics in [false, true] {
        let (exporter, inference) = registry();
        let metrics = InferenceMetrics::new(&inference).with_model_name(move |request| {
            if panics {
                resume_unwind(Box::new("a panic of the function"));
            }
            request.headers().get("x-model")?.to_str().ok().map(Cow::Borrowed)
        });
        let app = App::new().route("/v1/chat", web::to(async || "a cat")).wrap(metrics);
        let app = init_service(app).await;
        let request = TestRequest::with_uri("/v1/chat");
        call(&app, request.insert_header(("x-model", "resnet50")).to_request()).await;
        call(&app, TestRequest::with_uri("/v1/chat").to_request()).await;
        assert_inferred(&exporter, if panics { &[] } else { SUCCESS });
    }
}

/// The request is one of HTTP too, and both are counted.
#[actix_web::test]
async fn both_middlewares_count_a_request() {
    let (exporter, inference) = registry();
    let resource = web::resource("/predict/{model_name}")
        .wrap(InferenceMetrics::new(&inference))
        .to(async || "a cat");
    let app = init_service(App::new().service(resource).wrap(Metrics::new(&exporter))).await;
    call(&app, TestRequest::with_uri(PATH).to_request()).await;
    assert_inferred(&exporter, SUCCESS);
    assert_counted(&exporter, &["GET /predict/{model_name} 200 1"], &[]);
}

/// A client that makes names up creates no series but those of `unknown`.
#[actix_web::test]
async fn made_up_names_create_no_series() {
    let (exporter, inference) = registry();
    let resource = web::resource("/predict/{model_name}")
        .wrap(InferenceMetrics::new(&inference))
        .to(async || HttpResponse::NotFound());
    let app = init_service(App::new().service(resource)).await;
    let visit = async |n: u32| {
        call(&app, TestRequest::with_uri(&format!("/predict/model-{n}")).to_request()).await
    };
    visit(0).await;
    let before = exporter.render().lines().count();
    for n in 1..10_000 {
        visit(n).await;
    }
    assert_eq!(exporter.render().lines().count(), before);
    assert_inferred(&exporter, &["requests unknown rejected 10000"]);
}

struct OutOfMemory;

/// A handler says in the extensions what its status does not; a function that panics is left out.
#[actix_web::test]
async fn a_function_of_the_response_says_how_a_request_ended() {
    for (panics, error_type) in [(false, "out_of_memory"), (true, "500")] {
        let (exporter, inference) = registry();
        let metrics = InferenceMetrics::new(&inference).with_outcome(move |response| {
            if panics {
                resume_unwind(Box::new("a panic of the function"));
            }
            match response.extensions().get::<OutOfMemory>() {
                Some(OutOfMemory) => RequestOutcome::Error("out_of_memory"),
                None => RequestOutcome::Success,
            }
        });
        let fail = async || {
            let mut response = HttpResponse::InternalServerError().finish();
            response.extensions_mut().insert(OutOfMemory);
            response
        };
        let resource = web::resource("/predict/{model_name}").wrap(metrics).to(fail);
        let app = init_service(App::new().service(resource)).await;
        call(&app, TestRequest::with_uri(PATH).to_request()).await;
        assert_inferred(&exporter, &error(error_type).each_ref().map(String::as_str));
    }
}

/// A handler reaches the tokens of its request through the extensions.
#[actix_web::test]
async fn a_handler_notes_tokens_through_the_extensions() {
    let (exporter, inference) = registry();
    let generate = async |tokens: ReqData<TokenRecorder>| {
        tokens.set_input_tokens(2);
        let words = stream::iter(["to", " be"]).map(move |word| {
            tokens.record_tokens(1);
            if word == " be" {
                tokens.complete_output(FinishReason::Length);
            }
            Ok::<_, Infallible>(Bytes::from(word))
        });
        HttpResponse::Ok().streaming(words)
    };
    let resource = web::resource("/predict/{model_name}")
        .wrap(InferenceMetrics::new(&inference).with_token_recorder())
        .to(generate);
    let app = init_service(App::new().service(resource)).await;
    let answer = call(&app, TestRequest::with_uri(PATH).to_request()).await;
    assert_eq!(answer.body(), "to be");

    assert_inferred(&exporter, SUCCESS);
    assert_eq!(measured(&exporter, "inference_input_tokens_total"), ["resnet50 2"]);
    assert_eq!(measured(&exporter, "inference_output_tokens_total"), ["resnet50 2"]);
    assert_eq!(measured(&exporter, "inference_finish_total"), ["resnet50 length 1"]);
    assert_eq!(inferred(&exporter).len(), 2);
}
