//! The thread that renders, off everybody else's.

use std::future::Future;
use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::task::{Context, Poll};
use std::thread;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_channel::oneshot;

use crate::error::RenderError;
use crate::source::Source;
use crate::text::{Shelf, Text, TextWriter};

/// A handle to the thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    source: Arc<Source>,
    scrapers: Sender<Scraper>,
}

/// Who waits for a rendering.
#[derive(Debug)]
struct Scraper {
    encoding: Encoding,
    reply: oneshot::Sender<Rendered>,
}

/// How a rendering is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
}

/// What a scraper gets.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    pub(crate) text: Arc<Text>,
    pub(crate) encoding: Encoding,
    /// The length of the text before it was encoded.
    pub(crate) plain_length: usize,
}

impl Worker {
    pub(crate) fn spawn(source: Arc<Source>, max_unsent_bytes: usize) -> io::Result<Self> {
        let (scrapers, waiting) = mpsc::channel();
        let rendered = Arc::clone(&source);
        thread::Builder::new()
            .name("tower-metrics".to_owned())
            .spawn(move || run(&rendered, &waiting, Shelf::new(max_unsent_bytes)))?;
        Ok(Self { source, scrapers })
    }

    /// Asks for a rendering that begins after this call.
    pub(crate) fn render(&self, encoding: Encoding) -> oneshot::Receiver<Rendered> {
        let (reply, rendered) = oneshot::channel();
        let scraper = Scraper { encoding, reply };
        if self.source.is_being_rendered_here() {
            // The thread waits for the closure that calls this, and could not answer it.
            guarded(|| serve(&self.source, vec![scraper], &mut Shelf::new(usize::MAX)));
        } else {
            // If the thread is gone, so is the sender, and the receiver says so.
            let _ = self.scrapers.send(scraper);
        }
        rendered
    }
}

fn run(source: &Source, waiting: &Receiver<Scraper>, mut shelf: Shelf) {
    while let Ok(first) = waiting.recv() {
        // All who wait by now share one rendering; those who went away need none.
        let mut scrapers: Vec<Scraper> = std::iter::once(first).chain(waiting.try_iter()).collect();
        scrapers.retain(|scraper| !scraper.reply.is_canceled());
        if !scrapers.is_empty() {
            guarded(|| serve(source, scrapers, &mut shelf));
        }
    }
}

/// Renders once, compresses at most once, and answers everybody.
fn serve(source: &Source, scrapers: Vec<Scraper>, shelf: &mut Shelf) {
    let mut writer = TextWriter::default();
    source.render(&mut writer);
    let plain = Arc::new(writer.finish());
    let plain_length = plain.length();

    let (gzip, identity): (Vec<_>, Vec<_>) =
        scrapers.into_iter().partition(|scraper| scraper.encoding == Encoding::Gzip);
    let compressed = (!gzip.is_empty()).then(|| Arc::new(compress(&plain)));
    let read = (!identity.is_empty()).then_some(&plain);
    shelf.put(&read.into_iter().chain(&compressed).collect::<Vec<_>>());

    let answers = [(identity, Some(plain), Encoding::Identity), (gzip, compressed, Encoding::Gzip)];
    for (scrapers, text, encoding) in answers {
        let Some(text) = text else { continue };
        let rendered = Rendered { text, encoding, plain_length };
        for scraper in scrapers {
            // A scraper that went away meanwhile needs no answer.
            let _ = scraper.reply.send(rendered.clone());
        }
    }
}

/// Level 1 makes a tenth to a twentieth of it; level 6 takes ten times as long for little more.
fn compress(text: &Text) -> Text {
    let mut encoder = GzEncoder::new(TextWriter::default(), Compression::fast());
    for chunk in text.chunks() {
        // What is written to does not fail.
        let _ = encoder.write_all(&chunk);
    }
    encoder.finish().unwrap_or_default().finish()
}

/// Keeps the thread alive whatever happens below.
fn guarded(work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        tracing::error!("the metrics exporter panicked; it goes on");
    }
}

/// A rendering by the exporter's own thread; see [`Exporter::rendering`](crate::Exporter::rendering).
///
/// # Cancellation
///
/// Dropping it drops the text.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Rendering {
    rendered: oneshot::Receiver<Rendered>,
}

impl Rendering {
    pub(crate) fn new(worker: &Worker) -> Self {
        Self { rendered: worker.render(Encoding::Identity) }
    }
}

impl Future for Rendering {
    type Output = Result<Bytes, RenderError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.rendered).poll(cx).map(|rendered| {
            rendered.ok().and_then(|rendered| rendered.text.whole().ok()).ok_or(RenderError)
        })
    }
}
