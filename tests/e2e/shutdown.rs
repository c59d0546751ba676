//! How the example service ends.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tower_metrics_tests::process::Signal;

use crate::service::{Framework, SOON, Service, for_each_framework, input_taking};

for_each_framework![
    an_idle_service_ends_with_success_on_both_signals,
    a_request_in_flight_completes_after_an_interrupt,
    a_request_in_flight_completes_after_a_termination,
    a_client_that_stalls_does_not_keep_a_stopping_service,
];

/// Nothing keeps a service that has nothing to do, whichever signal asks it to end.
async fn an_idle_service_ends_with_success_on_both_signals(framework: Framework) {
    for signal in [Signal::Interrupt, Signal::Terminate] {
        let mut service = Service::start(framework, &[]).await.unwrap();
        service.get("/health").await.unwrap();
        service.process.signal(signal).unwrap();
        let exit = service.process.wait_for_exit(SOON).await.unwrap();
        assert_eq!(exit.code(), Some(0), "{signal:?}: {:?}", service.process.output());
    }
}

/// Ctrl-C does not cost a client its answer.
async fn a_request_in_flight_completes_after_an_interrupt(framework: Framework) {
    assert_request_survives(framework, Signal::Interrupt).await;
}

/// A rolling update does not cost a client its answer.
async fn a_request_in_flight_completes_after_a_termination(framework: Framework) {
    assert_request_survives(framework, Signal::Terminate).await;
}

/// Half a request keeps a service for as long as its README says, and no longer.
async fn a_client_that_stalls_does_not_keep_a_stopping_service(framework: Framework) {
    let mut service = Service::start(framework, &["--timeout-ms", "0"]).await.unwrap();
    let mut client = TcpStream::connect(service.address()).await.unwrap();
    let half = "POST /predict/resnet50 HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    client.write_all(half.as_bytes()).await.unwrap();
    service.busy().await.unwrap();

    service.process.signal(Signal::Terminate).unwrap();
    let exit = service.process.wait_for_exit(SOON).await.unwrap();
    assert_eq!(exit.code(), Some(0), "{:?}", service.process.output());
}

async fn assert_request_survives(framework: Framework, signal: Signal) {
    let mut service = Service::start(framework, &["--timeout-ms", "600000"]).await.unwrap();
    let url = service.url("/predict/resnet50");
    // Long enough to be still in flight when a busy machine gets round to the signal.
    let request =
        async move { tower_metrics_tests::http::post_json(&url, &input_taking(3000)).await };
    let request = tokio::spawn(request);
    service.busy().await.unwrap();
    service.process.signal(signal).unwrap();

    let answer = request.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200, "{answer:?}");
    let exit = service.process.wait_for_exit(SOON).await.unwrap();
    assert_eq!(exit.code(), Some(0), "{:?}", service.process.output());
}
