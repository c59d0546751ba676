//! The body of a request or a response.

use std::collections::VecDeque;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::ScriptedError;
use super::panic::scripted_panic;

/// What a [`ScriptedBody`] does when it is polled.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BodyStep {
    /// Has nothing yet, and wakes the task at once.
    Pending,
    /// Gives this many bytes.
    Data(usize),
    /// Gives trailers.
    Trailers(HeaderMap),
    /// Fails.
    Error,
    /// Panics.
    Panic,
    /// Says that it is over, whether steps follow or not.
    End,
}

pin_project! {
    /// A body that does one [`BodyStep`] each time it is polled. See the [module docs](super).
    #[derive(Debug, Clone)]
    #[must_use = "a body does nothing until it is polled"]
    pub struct ScriptedBody<P = ()> {
        steps: VecDeque<BodyStep>,
        tells_size: bool,
        tells_end: bool,
        #[pin]
        pin: P,
    }
}

impl ScriptedBody {
    /// Writes the script.
    pub fn new(steps: impl IntoIterator<Item = BodyStep>) -> Self {
        Self { steps: steps.into_iter().collect(), tells_size: false, tells_end: false, pin: () }
    }

    /// Lets `size_hint` tell how many bytes are left. Defaults to telling nothing.
    pub fn with_exact_size(mut self) -> Self {
        self.tells_size = true;
        self
    }

    /// Lets `is_end_stream` tell that no step is left. Defaults to never telling.
    pub fn with_end_told(mut self) -> Self {
        self.tells_end = true;
        self
    }

    /// Makes the body `!Unpin`.
    pub fn pinned(self) -> ScriptedBody<PhantomPinned> {
        let Self { steps, tells_size, tells_end, pin: () } = self;
        ScriptedBody { steps, tells_size, tells_end, pin: PhantomPinned }
    }
}

impl<P> Body for ScriptedBody<P> {
    type Data = Bytes;
    type Error = ScriptedError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ScriptedError>>> {
        Poll::Ready(match self.project().steps.pop_front() {
            Some(BodyStep::Pending) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(BodyStep::Data(bytes)) => Some(Ok(Frame::data(Bytes::from(vec![b'x'; bytes])))),
            Some(BodyStep::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(BodyStep::Error) => Some(Err(ScriptedError)),
            Some(BodyStep::Panic) => scripted_panic(),
            Some(BodyStep::End) | None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.tells_size {
            return SizeHint::new();
        }
        let left = self.steps.iter().map(|step| match step {
            BodyStep::Data(bytes) => *bytes as u64,
            _ => 0,
        });
        SizeHint::with_exact(left.sum())
    }
}
