//! How the example service ends.

use tower_metrics_tests::process::Signal;

use crate::service::{SOON, Service, input_taking};

/// Nothing keeps a service that has nothing to do, whichever signal asks it to end.
#[tokio::test]
async fn an_idle_service_ends_with_success_on_both_signals() {
    for signal in [Signal::Interrupt, Signal::Terminate] {
        let mut service = Service::start(&[]).await.unwrap();
        service.get("/health").await.unwrap();
        service.process.signal(signal).unwrap();
        let exit = service.process.wait_for_exit(SOON).await.unwrap();
        assert_eq!(exit.code(), Some(0), "{signal:?}: {:?}", service.process.output());
    }
}

/// Ctrl-C does not cost a client its answer.
#[tokio::test]
async fn a_request_in_flight_completes_after_an_interrupt() {
    assert_request_survives(Signal::Interrupt).await;
}

/// A rolling update does not cost a client its answer.
#[tokio::test]
async fn a_request_in_flight_completes_after_a_termination() {
    assert_request_survives(Signal::Terminate).await;
}

async fn assert_request_survives(signal: Signal) {
    let mut service = Service::start(&["--timeout-ms", "600000"]).await.unwrap();
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
