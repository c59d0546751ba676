//! What the tests of timing and of batch jobs share.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]
#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(clippy::allow_attributes, reason = "an expectation would fail where all is used")]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_metrics_prometheus::Exporter;

pub(crate) fn private_exporter() -> Exporter {
    Exporter::builder().build().unwrap()
}

/// The lines of an exposition that begin like this.
pub(crate) fn lines(exporter: &Exporter, beginning: &str) -> Vec<String> {
    let text = exporter.render();
    text.lines().filter(|line| line.starts_with(beginning)).map(str::to_owned).collect()
}

/// The counts of a histogram by outcome: success, error, cancelled, panic.
pub(crate) fn outcomes(exporter: &Exporter, name: &str) -> [u64; 4] {
    ["success", "error", "cancelled", "panic"].map(|outcome| {
        let lines = lines(exporter, &format!("{name}_count{{"));
        let label = format!("outcome=\"{outcome}\"}} ");
        let count = lines.iter().find_map(|line| line.split_once(&label)).unwrap().1;
        count.parse().unwrap()
    })
}

/// The count of a histogram without labels.
pub(crate) fn count(exporter: &Exporter, name: &str) -> u64 {
    let lines = lines(exporter, &format!("{name}_count "));
    lines.first().unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

/// Polls once, and drops the future unless it is ready.
pub(crate) fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    std::pin::pin!(future).poll(&mut Context::from_waker(std::task::Waker::noop()))
}

/// Whether `f` panics.
pub(crate) fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// A future that is ready when it is polled again.
pub(crate) fn pause() -> impl Future<Output = ()> {
    struct Pause(bool);

    impl Future for Pause {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }

    Pause(false)
}
