//! What is asked.

use super::accept::AcceptEncoding;
use super::token::Tokens;
use crate::worker::Encoding;

/// A scrape, in terms that belong to no framework.
///
/// ```
/// use tower_metrics_prometheus::{Exporter, ScrapeRequest};
/// # tokio_test::block_on(async {
///
/// let exporter = Exporter::builder().build()?;
/// let request = ScrapeRequest::new("GET")
///     .with_header("accept-encoding", b"gzip")
///     .with_header("user-agent", b"Prometheus");
/// let answer = exporter.scrape(&request).await;
/// assert_eq!(answer.status(), 200);
/// assert!(answer.headers().any(|header| header == ("content-encoding", "gzip")));
/// # Ok::<(), tower_metrics_prometheus::ExporterError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a request does nothing until it is answered"]
pub struct ScrapeRequest<'a> {
    is_read: bool,
    accept_encoding: AcceptEncoding,
    authorization: Authorization<'a>,
}

/// What the `Authorization` header says.
#[derive(Clone, Copy)]
enum Authorization<'a> {
    Missing,
    Given(&'a [u8]),
    /// Several: another server might have looked at another one.
    Ambiguous,
}

impl<'a> ScrapeRequest<'a> {
    /// Starts from the method.
    pub fn new(method: &str) -> Self {
        Self {
            is_read: matches!(method, "GET" | "HEAD"),
            accept_encoding: AcceptEncoding::default(),
            authorization: Authorization::Missing,
        }
    }

    /// Adds a header. All may be given; those that do not matter are left out. The name is in
    /// lower case, as in `http`.
    pub fn with_header(mut self, name: &str, value: &'a [u8]) -> Self {
        match name {
            "accept-encoding" => self.accept_encoding.add(value),
            "authorization" => {
                self.authorization = match self.authorization {
                    Authorization::Missing => Authorization::Given(value),
                    _ => Authorization::Ambiguous,
                };
            }
            _ => {}
        }
        self
    }

    pub(super) fn is_read(&self) -> bool {
        self.is_read
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.accept_encoding.choose()
    }

    pub(super) fn is_allowed(&self, tokens: &Tokens) -> bool {
        match self.authorization {
            Authorization::Missing | Authorization::Ambiguous => tokens.allow(None),
            Authorization::Given(value) => tokens.allow(Some(value)),
        }
    }
}

/// Without the credentials.
impl std::fmt::Debug for Authorization<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::Given(_) => "Given",
            Self::Ambiguous => "Ambiguous",
        })
    }
}
