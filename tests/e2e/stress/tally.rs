//! The server's own account of its requests, kept inside of the measured part.
//!
//! It does not decide anything while a request goes on: it notes what happened, and judges when
//! the last part of the request is dropped.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::thread;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::MethodRouter;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use http_body::{Frame, SizeHint};

use crate::sockets::Counts;

/// What arrived, and how it ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    books: Arc<Mutex<Books>>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    pub(super) arrived: u32,
    pub(super) ended: u32,
    /// By method, endpoint and status.
    pub(super) requests: Counts,
    /// By method, endpoint and reason.
    pub(super) aborted: Counts,
}

impl Tally {
    /// Keeps account of a route, whose template is `endpoint`.
    pub(super) fn watch(&self, endpoint: &'static str, route: MethodRouter) -> MethodRouter {
        let tally = self.clone();
        route.layer(from_fn(move |request: Request, next: Next| {
            let mut account = tally.open(request.method(), endpoint);
            async move {
                let response = next.run(request).await;
                account.head = Some(Head::of(&response));
                response.map(|body| Body::new(Watched { body, account }))
            }
        }))
    }

    pub(super) fn read(&self) -> Books {
        self.books.lock().unwrap().clone()
    }

    pub(super) fn arrived(&self) -> u32 {
        self.books.lock().unwrap().arrived
    }

    fn open(&self, method: &Method, endpoint: &str) -> Account {
        self.books.lock().unwrap().arrived += 1;
        Account {
            tally: self.clone(),
            target: format!("{method} {endpoint}"),
            is_head: method == Method::HEAD,
            head: None,
            steps: Vec::new(),
        }
    }
}

/// One request.
#[derive(Debug)]
struct Account {
    tally: Tally,
    target: String,
    is_head: bool,
    head: Option<Head>,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Head {
    status: StatusCode,
    length: Option<usize>,
    is_bare: bool,
}

/// What came out of the body.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Data(usize),
    Failure,
    End,
}

impl Head {
    fn of(response: &Response) -> Self {
        let length = response.headers().get(CONTENT_LENGTH);
        let length = length.map(|length| length.to_str().unwrap().parse().unwrap());
        let is_bare = response.body().is_end_stream();
        Self { status: response.status(), length, is_bare }
    }
}

impl Account {
    /// Why the request did not end well, if so.
    fn abortion(&self) -> Option<&'static str> {
        let Some(head) = &self.head else {
            return Some(if thread::panicking() { "panic" } else { "cancelled" });
        };
        let sent: usize = self.steps.iter().map(Step::len).sum();
        let is_whole = self.is_head
            || head.is_bare
            || head.status == StatusCode::NO_CONTENT
            || head.length == Some(sent)
            || self.steps.contains(&Step::End);
        match self.steps.last() {
            _ if is_whole => None,
            _ if thread::panicking() => Some("panic"),
            Some(Step::Failure) => Some("body_error"),
            _ => Some("body_dropped"),
        }
    }
}

impl Step {
    fn len(&self) -> usize {
        match self {
            Self::Data(length) => *length,
            Self::Failure | Self::End => 0,
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let abortion = self.abortion();
        let status = match (&self.head, abortion) {
            (Some(head), _) => head.status.as_u16(),
            (None, Some("panic")) => 500,
            (None, _) => 499,
        };
        let mut books = self.tally.books.lock().unwrap();
        books.ended += 1;
        *books.requests.entry(format!("{} {status}", self.target)).or_default() += 1.0;
        if let Some(reason) = abortion {
            *books.aborted.entry(format!("{} {reason}", self.target)).or_default() += 1.0;
        }
    }
}

/// A body that notes what comes out of it.
#[derive(Debug)]
struct Watched {
    body: Body,
    account: Account,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let step = match &frame {
            None => Step::End,
            Some(Err(_)) => Step::Failure,
            Some(Ok(frame)) => Step::Data(frame.data_ref().map_or(0, Bytes::len)),
        };
        self.account.steps.push(step);
        if self.body.is_end_stream() {
            self.account.steps.push(Step::End);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
