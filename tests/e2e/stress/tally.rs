//! The server's own account of its requests, kept inside of the measured part.
//!
//! It does not decide anything while a request goes on: it notes what happened, and judges when
//! the last part of the request is dropped.

use std::sync::{Arc, Mutex};
use std::thread;

use http::StatusCode;

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
    pub(super) fn read(&self) -> Books {
        self.books.lock().unwrap().clone()
    }

    pub(super) fn arrived(&self) -> u32 {
        self.books.lock().unwrap().arrived
    }

    /// A request for a route whose template is `endpoint` has arrived.
    pub(super) fn open(&self, method: &str, endpoint: &str) -> Account {
        self.books.lock().unwrap().arrived += 1;
        Account {
            tally: self.clone(),
            target: format!("{method} {endpoint}"),
            is_head: method == "HEAD",
            head: None,
            steps: Vec::new(),
        }
    }
}

/// One request.
#[derive(Debug)]
pub(super) struct Account {
    tally: Tally,
    target: String,
    is_head: bool,
    head: Option<Head>,
    steps: Vec<Step>,
}

/// What the server was told before the body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) length: Option<u64>,
    /// Whether there will be no body.
    pub(super) is_bare: bool,
}

/// What came out of the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Data(u64),
    Failure,
    End,
}

impl Account {
    pub(super) fn answer(&mut self, head: Head) {
        self.head = Some(head);
    }

    pub(super) fn note(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Why the request did not end well, if so.
    fn abortion(&self) -> Option<&'static str> {
        let Some(head) = &self.head else {
            return Some(if thread::panicking() { "panic" } else { "cancelled" });
        };
        let sent: u64 = self.steps.iter().map(Step::len).sum();
        let is_whole = self.is_head
            || head.is_bare
            || head.status == StatusCode::NO_CONTENT.as_u16()
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
    pub(super) fn data(bytes: &[u8]) -> Self {
        Self::Data(bytes.len() as u64)
    }

    fn len(&self) -> u64 {
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
            (Some(head), _) => head.status,
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
