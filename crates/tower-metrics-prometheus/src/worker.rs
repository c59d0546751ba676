//! The exporter's thread: renders, off everybody else's.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::task::{Context, Poll};
use std::thread;

use bytes::Bytes;
use futures_channel::oneshot;

use crate::error::RenderingFailed;
use crate::registry::Registry;

/// Who waits for a rendering.
type Scraper = oneshot::Sender<Bytes>;

/// A handle to the thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    scrapers: Sender<Scraper>,
}

impl Worker {
    pub(crate) fn spawn(registry: Arc<Registry>) -> io::Result<Self> {
        let (scrapers, waiting) = mpsc::channel();
        thread::Builder::new()
            .name("tower-metrics".to_owned())
            .spawn(move || run(&registry, &waiting))?;
        Ok(Self { scrapers })
    }

    /// Asks for a rendering that begins after this call.
    pub(crate) fn render(&self) -> Rendering {
        let (scraper, text) = oneshot::channel();
        // If the thread is gone, so is the sender, and the receiver says so.
        let _ = self.scrapers.send(scraper);
        Rendering { text }
    }
}

/// A rendering by the exporter's own thread; see [`Exporter::rendering`](crate::Exporter::rendering).
///
/// # Cancellation
///
/// Dropping it drops the text; the rendering itself is finished.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Rendering {
    text: oneshot::Receiver<Bytes>,
}

impl Future for Rendering {
    type Output = Result<Bytes, RenderingFailed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.text).poll(cx).map_err(|oneshot::Canceled| RenderingFailed)
    }
}

fn run(registry: &Registry, waiting: &Receiver<Scraper>) {
    while let Ok(first) = waiting.recv() {
        // All who wait by now share one rendering.
        let scrapers: Vec<Scraper> = std::iter::once(first).chain(waiting.try_iter()).collect();
        guarded(|| {
            let text = Bytes::from(registry.render());
            for scraper in scrapers {
                // A scraper that went away needs no answer.
                let _ = scraper.send(text.clone());
            }
        });
    }
}

/// Keeps the thread alive whatever happens below.
fn guarded(work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        tracing::error!("the metrics exporter panicked; it goes on");
    }
}
