//! Bodies that end in every way.

use std::io;
use std::panic::resume_unwind;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::task::yield_now;

const CHUNK: &str = "a chunk of a body; ";

/// How many bytes so many chunks have.
pub(super) fn length(times: usize) -> u64 {
    (times * CHUNK.len()).try_into().unwrap()
}

pub(super) fn chunks(times: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    stream::iter(0..times).then(async |_| {
        yield_now().await;
        Ok(Bytes::from_static(CHUNK.as_bytes()))
    })
}

pub(super) fn failing(times: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    chunks(times).chain(stream::once(async { Err(io::ErrorKind::Other.into()) }))
}

pub(super) fn bursting(times: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    chunks(times).chain(stream::once(async { resume_unwind(Box::new("the body's")) }))
}
