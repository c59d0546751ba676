//! What is answered.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_channel::oneshot;

use super::body::ScrapeBody;
use super::gate::Visit;
use super::outcome::ScrapeOutcome;
use super::request::ScrapeRequest;
use crate::exporter::Shared;
use crate::worker::{Encoding, Rendered};

/// The content type of Prometheus' [text format].
///
/// [text format]: https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// An answer to a scrape, in terms that belong to no framework.
#[derive(Debug)]
pub struct ScrapeAnswer {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: ScrapeBody,
}

const NO_STORE: (&str, &str) = ("cache-control", "no-store");
const VARY: (&str, &str) = ("vary", "accept-encoding");
const TEXT: (&str, &str) = ("content-type", "text/plain; charset=utf-8");

impl ScrapeAnswer {
    fn rendered(rendered: Rendered) -> Self {
        let headers: &[_] = match rendered.encoding {
            Encoding::Identity => &[("content-type", CONTENT_TYPE), NO_STORE, VARY],
            Encoding::Gzip => {
                &[("content-type", CONTENT_TYPE), NO_STORE, VARY, ("content-encoding", "gzip")]
            }
        };
        Self { status: 200, headers, body: ScrapeBody::text(rendered.text) }
    }

    fn refused(outcome: ScrapeOutcome) -> Self {
        let (status, headers, message): (_, &[_], _) = match outcome {
            ScrapeOutcome::Unauthorized => {
                (401, &[TEXT, NO_STORE, ("www-authenticate", "Bearer")], "a token is required\n")
            }
            ScrapeOutcome::MethodNotAllowed => (405, &[NO_STORE, ("allow", "GET, HEAD")], ""),
            ScrapeOutcome::Overloaded => {
                (503, &[TEXT, NO_STORE, ("retry-after", "1")], "too many scrapes at once\n")
            }
            _ => (500, &[TEXT, NO_STORE], "the metrics could not be rendered\n"),
        };
        Self { status, headers, body: ScrapeBody::message(message) }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers, names in lower case; without `content-length`, which is what
    /// [remains](ScrapeBody::remaining) of the body.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.headers.iter().copied()
    }

    /// The body, also if the method is `HEAD`: then it is to be left out, not its length.
    pub fn into_body(self) -> ScrapeBody {
        self.body
    }
}

/// A future that answers a scrape; see [`Exporter::scrape`](crate::Exporter::scrape).
///
/// # Cancellation
///
/// Dropping it counts the scrape as cancelled. A rendering that others wait for goes on.
#[must_use = "futures do nothing unless polled"]
pub struct Scrape {
    state: State,
}

enum State {
    Waiting { rendered: oneshot::Receiver<Rendered>, visit: Option<Visit> },
    Refused(ScrapeOutcome),
}

impl Scrape {
    pub(crate) fn new(shared: &Shared, request: &ScrapeRequest<'_>) -> Self {
        let state = match shared.gate.enter(&shared.source.registry, request) {
            Ok(visit) => State::Waiting {
                rendered: shared.worker.render(request.encoding()),
                visit: Some(visit),
            },
            Err(outcome) => State::Refused(outcome),
        };
        Self { state }
    }
}

impl Future for Scrape {
    type Output = ScrapeAnswer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ScrapeAnswer> {
        Poll::Ready(match &mut self.state {
            State::Refused(outcome) => ScrapeAnswer::refused(*outcome),
            State::Waiting { rendered, visit } => {
                let rendered = ready!(Pin::new(rendered).poll(cx)).ok();
                if let Some(visit) = visit.take() {
                    visit.end(rendered.as_ref().map(|rendered| rendered.plain_length));
                }
                rendered.map_or_else(
                    || ScrapeAnswer::refused(ScrapeOutcome::Failed),
                    ScrapeAnswer::rendered,
                )
            }
        })
    }
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrape").finish_non_exhaustive()
    }
}
