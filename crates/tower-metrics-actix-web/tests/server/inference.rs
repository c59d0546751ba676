//! Requests for a model, on a real server whose clients leave.

use actix_web::web::{self, Data, ServiceConfig};
use tokio::sync::Semaphore;
use tower_metrics_actix_web::InferenceMetrics;
use tower_metrics_inference::Inference;
use tower_metrics_prometheus::Exporter;

use crate::client::{Client, serve, serve_no_half_closed, wait_for};
use crate::registry::{assert_inferred, inferred, registry};
use crate::routes::{Gate, gate, ticks, wait};

const CANCELLED: &[&str] = &["requests resnet50 cancelled 1", "durations resnet50 1"];
const IN_FLIGHT: &[&str] = &["in_flight resnet50 1"];

fn routes(
    inference: &Inference,
    gate: &Gate,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let metrics = InferenceMetrics::new(inference);
    let gate = Data::<Semaphore>::from(Gate::clone(gate));
    move |config| {
        config
            .app_data(gate.clone())
            .service(web::resource("/predict/{model_name}").wrap(metrics.clone()).to(wait))
            .service(web::resource("/generate/{model_name}").wrap(metrics.clone()).to(ticks));
    }
}

async fn assert_inferred_soon(exporter: &Exporter, expected: &[&str]) {
    wait_for(|| inferred(exporter) == expected).await;
    assert_inferred(exporter, expected);
}

/// Counts of the workers add up, and each answer is a success when its last byte is out.
#[actix_web::test]
async fn answers_of_all_workers_are_successes() {
    let (exporter, inference) = registry();
    let gate = gate();
    let server = serve(3, &exporter, routes(&inference, &gate));
    let mut clients = Vec::new();
    for _ in 0..6 {
        let mut client = Client::connect(&server).await;
        client.send("POST /predict/resnet50").await;
        clients.push(client);
    }
    assert_inferred_soon(&exporter, &["in_flight resnet50 6"]).await;
    gate.add_permits(6);
    for client in &mut clients {
        client.read_until("opened").await;
    }
    assert_inferred_soon(&exporter, &["requests resnet50 success 6", "durations resnet50 6"]).await;
    server.stop(true).await;
}

/// A client that goes away before the head.
#[actix_web::test]
async fn a_client_that_leaves_a_waiting_handler_has_cancelled() {
    let (exporter, inference) = registry();
    let server = serve_no_half_closed(&exporter, routes(&inference, &gate()));
    let mut client = Client::connect(&server).await;
    client.send("POST /predict/resnet50").await;
    assert_inferred_soon(&exporter, IN_FLIGHT).await;
    client.reset();
    assert_inferred_soon(&exporter, CANCELLED).await;
    server.stop(true).await;
}

/// A client that goes away between two events.
#[actix_web::test]
async fn a_client_that_leaves_a_stream_has_cancelled() {
    let (exporter, inference) = registry();
    let gate = gate();
    let server = serve(1, &exporter, routes(&inference, &gate));
    let mut client = Client::connect(&server).await;
    client.send("POST /generate/resnet50").await;
    gate.add_permits(1);
    client.read_until("data: tick\n\n").await;
    assert_inferred_soon(&exporter, IN_FLIGHT).await;
    client.reset();
    assert_inferred_soon(&exporter, CANCELLED).await;
    server.stop(true).await;
}

/// A server that stops at once drops what it was doing.
#[actix_web::test]
async fn a_stop_at_once_has_cancelled() {
    let (exporter, inference) = registry();
    let server = serve(1, &exporter, routes(&inference, &gate()));
    let mut client = Client::connect(&server).await;
    client.send("POST /predict/resnet50").await;
    assert_inferred_soon(&exporter, IN_FLIGHT).await;
    server.stop(false).await;
    assert_inferred_soon(&exporter, CANCELLED).await;
}
