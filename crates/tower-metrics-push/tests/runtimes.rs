//! Pushes within a runtime, without one, and beyond its end.

mod support;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};

use tower_metrics_tests::poll::wait_until_blocking;
use tower_metrics_tests::scripted_gateway::{OK, ScriptedGateway, Step, nobody};

use self::support::{exporter, gateway_at, text};

/// Any executor will do: this one knows nothing but its thread.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => thread::park(),
        }
    }
}

/// No tokio around.
#[test]
fn the_futures_work_on_any_executor() {
    let server = ScriptedGateway::start(&[Step::Close, OK]);
    let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(2));
    block_on(async {
        pusher.push(&exporter).await.unwrap();
        pusher.add(&exporter).await.unwrap();
        pusher.delete().await.unwrap();
    });
    let requests = server.requests();
    let lines = requests.iter().map(|request| request.line().split(' ').next().unwrap());
    assert_eq!(lines.collect::<Vec<_>>(), ["PUT", "PUT", "POST", "DELETE"]);
    let refused = gateway_at(nobody()).without_retries().build().unwrap();
    assert!(block_on(refused.push(&exporter)).unwrap_err().is_connect());
}

/// Where blocking on a future would panic, on either kind of runtime.
#[test]
fn blocking_pushes_work_inside_of_a_runtime() {
    let server = ScriptedGateway::start(&[OK]);
    let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(2));
    let runtimes = [
        tokio::runtime::Builder::new_current_thread(),
        tokio::runtime::Builder::new_multi_thread(),
    ];
    for mut runtime in runtimes {
        let (pusher, exporter) = (pusher.clone(), exporter.clone());
        runtime.build().unwrap().block_on(async {
            pusher.push_blocking(&exporter).unwrap();
            tokio::spawn(async move { pusher.add_blocking(&exporter).unwrap() }).await.unwrap();
        });
    }
    assert_eq!(server.requests().len(), 4);
}

/// Tests stop the clock; the gateway's does not.
#[tokio::test(start_paused = true)]
async fn a_paused_clock_changes_nothing() {
    let server = ScriptedGateway::start(&[Step::Close, OK]);
    let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(2));
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    pusher.push(&exporter).await.unwrap();
    assert_eq!(server.requests().last().unwrap().body, text(2));
}

/// A worker that waits for the gateway would hold up every task behind it.
#[tokio::test]
async fn a_push_leaves_the_executor_free() {
    let server = ScriptedGateway::start(&[Step::Stall("")]);
    let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(2));
    let push = tokio::spawn(pusher.push(&exporter));
    tokio::task::spawn_blocking(move || server.request()).await.unwrap();
    let is_free = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&is_free);
    tokio::spawn(async move { set.store(true, Ordering::Relaxed) }).await.unwrap();
    assert!(is_free.load(Ordering::Relaxed) && !push.is_finished());
    push.abort();
}

/// The caller has lost interest, so the gateway hears no more of it.
#[test]
fn a_dropped_push_closes_its_connection_and_is_not_tried_again() {
    let server = ScriptedGateway::start(&[Step::Stall("")]);
    let pusher = gateway_at(server.address()).build().unwrap();
    let mut push = Box::pin(pusher.push(&exporter(1)));
    let waker = Waker::noop();
    assert!(push.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    server.request();
    drop(push);
    server.closed();
    assert_eq!(server.requests().len(), 0);
    // Nor is one sent that was never polled.
    drop(pusher.push(&exporter(1)));
    assert_eq!(server.requests().len(), 0);
}

/// After its end as well, where a future must not panic either.
#[test]
fn a_push_that_is_polled_after_its_end_does_not_panic() {
    let server = ScriptedGateway::start(&[OK]);
    let mut push = Box::pin(gateway_at(server.address()).build().unwrap().push(&exporter(1)));
    block_on(push.as_mut()).unwrap();
    assert!(push.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

/// One thread a push, while it lasts.
#[test]
fn many_pushes_at_once_arrive_and_leave_no_thread_behind() {
    let server = ScriptedGateway::start(&[OK]);
    let pusher = gateway_at(server.address()).build().unwrap();
    let pushers: Vec<_> = (0..32)
        .map(|i| {
            let pusher = pusher.clone();
            thread::spawn(move || pusher.push_blocking(&exporter(i)).unwrap())
        })
        .collect();
    for pusher in pushers {
        pusher.join().unwrap();
    }
    let mut bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
    bodies.sort();
    let mut expected: Vec<String> = (0..32).map(text).collect();
    expected.sort();
    assert_eq!(bodies, expected);
    #[cfg(target_os = "linux")]
    wait_until_blocking("the threads are gone", || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks
            .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names.into_iter().filter(|name| name.trim() == "metrics-push").count() == 0
    })
    .unwrap();
}
