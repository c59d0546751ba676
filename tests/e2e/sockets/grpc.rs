//! gRPC: tonic's health service behind the layer, over HTTP/2.
//!
//! The layer stands outside of tonic's routes, so that every endpoint is `unmatched`.

use axum::body::Body;
use http::Request;
use tokio::net::TcpListener;
use tonic::Code;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::{HealthReporter, health_reporter};
use tower_metrics::MetricsLayer;

use super::client::Whole;
use super::{Client, Protocol, Server, at_rest, private_exporter, scrape};

/// A health server, which knows of `known`, and what tells it what to say.
async fn serve() -> (HealthReporter, Server) {
    let exporter = private_exporter();
    let metrics = MetricsLayer::builder().with_recorder(exporter.recorder()).with_grpc_status();
    let metrics = metrics.build().unwrap();
    let (reporter, health) = health_reporter();
    reporter.set_service_status("known", ServingStatus::Serving).await;
    let server = Server::start(exporter, |listener: TcpListener| async {
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = tonic::transport::Server::builder().layer(metrics).add_service(health);
        server.serve_with_incoming(incoming).await.unwrap();
    });
    (reporter, server.await)
}

async fn client(server: &Server) -> HealthClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address())).unwrap();
    HealthClient::new(endpoint.connect().await.unwrap())
}

fn request(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

/// The HTTP status says nothing in gRPC; the status in the trailers does.
#[tokio::test]
async fn a_successful_call_has_grpc_status_0() {
    let (_reporter, server) = serve().await;
    let answer = client(&server).await.check(request("known")).await.unwrap();
    assert_eq!(answer.into_inner().status, ServingStatus::Serving as i32);
    server.assert_counts([("POST unmatched 200 0", 1)], []).await;
}

/// A failed call has 200 too, and its status in the head.
#[tokio::test]
async fn a_failed_call_has_the_grpc_status_of_its_head() {
    let (_reporter, server) = serve().await;
    let error = client(&server).await.check(request("unknown")).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    server.assert_counts([("POST unmatched 200 5", 1)], []).await;
}

/// Every message passes at once, and the end of the stream is the end of the call.
#[tokio::test]
async fn a_stream_that_the_server_ends_is_complete() {
    let (mut reporter, server) = serve().await;
    let mut stream = client(&server).await.watch(request("known")).await.unwrap().into_inner();
    for status in [ServingStatus::Serving, ServingStatus::NotServing] {
        reporter.set_service_status("known", status).await;
        assert_eq!(stream.message().await.unwrap().unwrap().status, status as i32);
    }
    assert!(scrape(server.exporter()).sum("http_requests_total", &[]).is_none());
    reporter.clear_service_status("known").await;
    assert_eq!(stream.message().await.unwrap(), None);
    server.assert_counts([("POST unmatched 200 0", 1)], []).await;
}

/// Such a call has no gRPC status, for the server never told one.
#[tokio::test]
async fn a_stream_that_the_client_drops_has_no_grpc_status() {
    let (_reporter, server) = serve().await;
    let mut stream = client(&server).await.watch(request("known")).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    drop(stream);
    let aborted = [("POST unmatched body_dropped", 1)];
    server.assert_counts([("POST unmatched 200", 1)], aborted).await;
}

/// A client that guesses names of services and methods makes no series.
#[tokio::test]
async fn unknown_services_and_methods_share_one_series() {
    let (_reporter, server) = serve().await;
    let client = Client::connect(server.address(), Protocol::Http2).await;
    let call = async |path: &str| {
        let request = Request::post(path).header("content-type", "application/grpc");
        let answer = client.exchange(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.headers().get("grpc-status").unwrap(), "12", "{path}");
        assert!(Whole::read(Ok(answer)).await.unwrap().trailers.is_none(), "{path}");
    };
    call("/package.Service/Method").await;
    let series = at_rest(server.exporter(), 1.0).await.series_count();
    for number in 0..25 {
        call(&format!("/package.Service{number}/Method")).await;
        call(&format!("/grpc.health.v1.Health/Method{number}")).await;
    }
    server.assert_counts([("POST unmatched 200 12", 51)], []).await;
    assert_eq!(scrape(server.exporter()).series_count(), series);
}
