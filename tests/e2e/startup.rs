//! How the example service starts, or says why it cannot.

use std::net::TcpListener;
use std::process::Command;

use tower_metrics_tests::binary;
use tower_metrics_tests::process::Process;

use crate::service::{Framework, SOON, Service, for_each_framework};

for_each_framework![
    the_address_is_printed_with_what_to_try,
    the_environment_sets_the_address,
    a_port_in_use_is_one_line_and_a_failure,
];

/// Whoever copies a printed line gets an answer.
async fn the_address_is_printed_with_what_to_try(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    service.process.wait_for_line(|line| line.starts_with("Then: "), SOON).await.unwrap();
    let url = service.url("");
    assert_eq!(
        service.process.output(),
        [
            format!("Listening on {url}"),
            format!(
                "Try: curl {url}/predict/resnet50 -H 'content-type: application/json' \
                 -d '{{\"input\": \"a photo of a cat\"}}'"
            ),
            format!("Then: curl {url}/metrics"),
        ]
    );
}

/// Containers are configured without arguments.
async fn the_environment_sets_the_address(framework: Framework) {
    let mut command = Command::new(binary::path(framework.package()).unwrap());
    command.env("LISTEN", "127.0.0.1:0");
    let service = Service::of(Process::start(command).unwrap()).await.unwrap();
    assert_eq!(service.get("/health").await.unwrap().status(), 200);
}

/// The commonest mistake is explained in one line that says what to do.
async fn a_port_in_use_is_one_line_and_a_failure(framework: Framework) {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    let arguments = ["--listen", &taken.to_string()];
    let mut process = binary::start(framework.package(), &arguments).unwrap();
    process.wait_for_line(|line| line.contains("in use"), SOON).await.unwrap();

    let exit = process.wait_for_exit(SOON).await.unwrap();
    assert_eq!(exit.code(), Some(1), "{:?}", process.output());
    assert_eq!(
        process.output(),
        [format!(
            "{}: port {} on 127.0.0.1 is in use; stop the program that has it, \
             or choose another port, such as --listen 127.0.0.1:0",
            framework.package(),
            taken.port(),
        )]
    );
}
