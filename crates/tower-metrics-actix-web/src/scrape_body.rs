//! The body of an answer to a scrape.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use tower_metrics_prometheus::SlowReaderError;

/// The response body of a scrape: chunks that all scrapers of one rendering share.
#[derive(Debug)]
pub struct ScrapeBody {
    inner: tower_metrics_prometheus::ScrapeBody,
}

impl ScrapeBody {
    pub(crate) fn new(inner: tower_metrics_prometheus::ScrapeBody) -> Self {
        Self { inner }
    }
}

impl MessageBody for ScrapeBody {
    type Error = SlowReaderError;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.inner.remaining())
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, SlowReaderError>>> {
        Poll::Ready(self.inner.next_chunk().transpose())
    }
}
