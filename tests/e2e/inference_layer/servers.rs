//! Real axum servers, and clients that leave.

use std::future::pending;
use std::time::Duration;

use axum::extract::{Extension, Path};
use axum::routing::{get, post};
use axum::{Router, body::Body};
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use tower_metrics::Exporter;
use tower_metrics::axum::{inference_layer, path_parameter};
use tower_metrics::inference::{FinishReason, Inference, InferenceLayer, TokenRecorder};
use tower_metrics_tests::poll::wait_until;

use super::{Books, inference};
use crate::service::SOON;
use crate::sockets::{Client, Gate, Protocol, Server, scripted};

const SUCCESS: &[&str] = &["requests resnet50 success 1", "durations resnet50 1"];
const CANCELLED: &[&str] = &["requests resnet50 cancelled 1", "durations resnet50 1"];
const UNKNOWN: &[&str] = &["requests unknown rejected 1"];
const PATH: &str = "/predict/resnet50";

/// Waits until exactly this was counted: a client may have its answer a moment before.
async fn assert_soon(exporter: &Exporter, expected: &[&str]) {
    let agreement = async || Books::of(exporter).are(expected).then_some(());
    if wait_until("agreement", SOON, agreement).await.is_err() {
        Books::of(exporter).assert(expected);
    }
}

async fn serve(app: impl FnOnce(&Inference) -> Router) -> Server {
    let (exporter, inference) = inference();
    let app = app(&inference);
    Server::measured_axum(exporter, app).await
}

/// A handler as the guide has it, without a word about metrics.
async fn predict(Path(model_name): Path<String>) -> Result<String, StatusCode> {
    if model_name == super::MODEL { Ok("a cat".repeat(100)) } else { Err(StatusCode::NOT_FOUND) }
}

async fn assert_counted(app: impl Fn(&Inference) -> Router, path: &str, expected: &[&str]) {
    for protocol in Protocol::BOTH {
        let server = serve(&app).await;
        let client = Client::connect(server.address(), protocol).await;
        client.get(path).await.unwrap().into_body().collect().await.unwrap();
        assert_soon(server.exporter(), expected).await;
    }
}

/// One line around the routes.
#[tokio::test]
async fn a_route_that_names_a_model_is_measured() {
    let app = |inference: &Inference| {
        Router::new()
            .route("/predict/{model_name}", get(predict))
            .route("/health", get(async || "fine"))
            .route("/echo/{name}", get(predict))
            .layer(inference_layer(inference))
    };
    assert_counted(app, PATH, SUCCESS).await;
    assert_counted(app, "/predict/%72esnet50", SUCCESS).await;
    assert_counted(app, "/predict/made-up", UNKNOWN).await;
    // axum answers 400 to an escape that is no UTF-8.
    assert_counted(app, "/predict/%ff", UNKNOWN).await;
    for unnamed in ["/health", "/echo/resnet50", "/echo/%ff", "/nothing"] {
        assert_counted(app, unnamed, &[]).await;
    }
}

/// Nested routers see only the rest of the path; the parameter is found wherever it stands.
#[tokio::test]
async fn a_nested_router_finds_the_name_in_any_part_of_the_path() {
    for nested in [
        |inference: &Inference| {
            let inner = Router::new()
                .route("/predict/{model_name}", get(predict))
                .route_layer(inference_layer(inference));
            Router::new().nest("/api", Router::new().nest("/v1", inner))
        },
        |inference: &Inference| {
            let inner = Router::new().route("/predict/{model_name}", get(predict));
            let outer = Router::new().nest("/api", Router::new().nest("/v1", inner));
            outer.layer(inference_layer(inference))
        },
    ] {
        assert_counted(nested, "/api/v1/predict/resnet50", SUCCESS).await;
        assert_counted(nested, "/api/v1/predict/made-up", UNKNOWN).await;
    }

    let in_prefix = |inference: &Inference| {
        let inner = Router::new().route("/predict", get(predict)).layer(inference_layer(inference));
        Router::new().nest("/models/{model_name}", inner)
    };
    assert_counted(in_prefix, "/models/resnet50/predict", SUCCESS).await;

    let service = |inference: &Inference| {
        let inner = Router::<()>::new().route("/predict", get(async || "a cat"));
        let outer = Router::new().nest_service("/models/{model_name}", inner);
        outer.layer(inference_layer(inference))
    };
    assert_counted(service, "/models/resnet50/predict", SUCCESS).await;
}

/// Names may hold slashes, and stand under another parameter.
#[tokio::test]
async fn the_parameter_may_have_any_name_and_slashes() {
    let app = |inference: &Inference| {
        inference.register("meta/llama").unwrap();
        let layer = InferenceLayer::new(inference, path_parameter("engine"));
        Router::new()
            .route("/engines/{engine}/predict", get(async || "a cat"))
            .route("/files/{*engine}", get(async || "a cat"))
            .route_layer(layer)
    };
    let counted = ["requests meta/llama success 1", "durations meta/llama 1"];
    assert_counted(app, "/engines/meta%2Fllama/predict", &counted).await;
    assert_counted(app, "/files/meta/llama", &counted).await;
    assert_counted(app, "/engines/resnet50/predict", SUCCESS).await;
}

/// The handler never learns of it, but it is counted.
#[tokio::test]
async fn a_client_that_leaves_has_cancelled() {
    for protocol in Protocol::BOTH {
        let gate = Gate::closed();
        let route = gate.route();
        let server = serve(|inference| {
            Router::new()
                .route("/predict/{model_name}", route)
                .route_layer(inference_layer(inference))
        })
        .await;
        let client = Client::connect(server.address(), protocol).await;
        tokio::select! {
            answer = client.get(PATH) => unreachable!("{answer:?}"),
            () = gate.arrival() => {}
        }
        drop(client);
        assert_soon(server.exporter(), CANCELLED).await;
    }
}

/// A success that nobody wanted to the end.
#[tokio::test]
async fn a_client_that_leaves_in_the_body_has_cancelled() {
    for protocol in Protocol::BOTH {
        let (mut sender, route) = scripted();
        let server = serve(|inference| {
            Router::new()
                .route("/predict/{model_name}", route)
                .route_layer(inference_layer(inference))
        })
        .await;
        let client = Client::connect(server.address(), protocol).await;
        let mut body = client.get(PATH).await.unwrap().into_body();
        sender.send_data("part".into()).await.unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "part");
        drop((body, client));
        assert_soon(server.exporter(), CANCELLED).await;
    }
}

/// A timeout further out drops the request; the layer that knows its limit says why.
#[tokio::test]
async fn a_timeout_outside_is_a_timeout_if_its_limit_is_known() {
    const TIMEOUT: &[&str] = &["requests resnet50 timeout 1", "durations resnet50 1"];
    // The limit that the layer knows is shorter by far, so that no pause of the machine matters.
    let limits = [Duration::from_millis(10), Duration::from_millis(200)];
    let waiting = || Router::new().route("/predict/{model_name}", get(pending::<()>));
    let timeout = move || TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits[1]);
    let known = move |inference: &Inference| {
        waiting().layer(inference_layer(inference).with_time_limit(limits[0])).layer(timeout())
    };
    assert_counted(known, PATH, TIMEOUT).await;
    let unknown =
        move |inference: &Inference| waiting().layer(inference_layer(inference)).layer(timeout());
    assert_counted(unknown, PATH, CANCELLED).await;
    // Inside, the timeout is an answer like any other.
    let inside =
        move |inference: &Inference| waiting().layer(timeout()).layer(inference_layer(inference));
    assert_counted(inside, PATH, TIMEOUT).await;
}

/// Whoever catches it, inside it is a 500 and outside a panic.
#[tokio::test]
async fn a_panic_of_a_handler_is_an_error() {
    async fn panics() {
        std::panic::resume_unwind(Box::new("a panic of the handler"));
    }
    let panicking = || Router::new().route("/predict/{model_name}", get(panics));
    let error = |error_type: &str| {
        [
            "requests resnet50 error 1".to_owned(),
            format!("errors resnet50 {error_type} 1"),
            "durations resnet50 1".to_owned(),
        ]
    };
    let outside = |inference: &Inference| {
        panicking().layer(inference_layer(inference)).layer(CatchPanicLayer::new())
    };
    assert_counted(outside, PATH, &error("panic").each_ref().map(String::as_str)).await;
    let inside = |inference: &Inference| {
        panicking().layer(CatchPanicLayer::new()).layer(inference_layer(inference))
    };
    assert_counted(inside, PATH, &error("500").each_ref().map(String::as_str)).await;
}

/// A stream notes its tokens through the extension that the layer put there.
#[tokio::test]
async fn a_streaming_handler_notes_its_tokens() {
    async fn generate(Extension(tokens): Extension<TokenRecorder>) -> Body {
        tokens.set_input_tokens(2);
        let words = stream::iter(["to", " be", " or", " not"]).map(move |word| {
            tokens.record_tokens(1);
            if word == " not" {
                tokens.complete_output(FinishReason::Length);
            }
            Ok::<_, std::convert::Infallible>(word)
        });
        Body::from_stream(words)
    }
    for protocol in Protocol::BOTH {
        let server = serve(|inference| {
            Router::new()
                .route("/predict/{model_name}", post(generate))
                .route_layer(inference_layer(inference).with_token_recorder())
        })
        .await;
        let client = Client::connect(server.address(), protocol).await;
        let body = client.request("POST", PATH).await.unwrap().into_body();
        assert_eq!(body.collect().await.unwrap().to_bytes(), "to be or not");
        let tokens = ["input resnet50 2", "output resnet50 4"];
        assert_soon(server.exporter(), &[SUCCESS, &tokens].concat()).await;
        let text = server.exporter().render();
        let finished = r#"inference_finish_total{model_name="resnet50",finish_reason="length"} 1"#;
        assert!(text.contains(finished), "{text}");
    }
}
