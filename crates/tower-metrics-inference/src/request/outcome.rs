//! How a request can end.

/// How a request ended: the values of the label `status` of `inference_requests_total`.
///
/// `success`, `error` and `timeout` are those of any service; `cancelled` is a request that nobody
/// waited for any more, and `rejected` one that was refused before it began, which has no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It was answered.
    Success,
    /// It failed; `inference_errors_total` says how.
    Error,
    /// It took too long.
    Timeout,
    /// It was dropped before it had ended.
    Cancelled,
    /// It was refused before it began.
    Rejected,
}

impl Status {
    /// All of them.
    pub const ALL: &'static [Self] = &Self::EACH;

    // Apart, since its length is no part of the interface.
    pub(crate) const EACH: [Self; 5] =
        [Self::Success, Self::Error, Self::Timeout, Self::Cancelled, Self::Rejected];

    /// The `error_type` of failures that nobody has named.
    pub const UNNAMED_ERROR: &'static str = "error";

    /// The `error_type` of panics.
    pub const PANIC: &'static str = "panic";

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
        }
    }

    /// Whether such requests are in `inference_duration_seconds`.
    pub const fn has_duration(self) -> bool {
        !matches!(self, Self::Rejected)
    }
}

/// How to end a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestOutcome<'a> {
    /// It was answered.
    Success,
    /// It failed, in a way of this name. Past the first names
    /// ([`with_max_label_values`](crate::InferenceBuilder::with_max_label_values)), further ones
    /// are counted as `other`.
    Error(&'a str),
    /// It took too long.
    Timeout,
    /// Nobody waits for it any more.
    Cancelled,
    /// It was refused before it began.
    Rejected,
}

/// Says how a request ends, by what its future returned.
pub type OutcomeFn<T> = fn(&T) -> RequestOutcome<'_>;

impl<'a> RequestOutcome<'a> {
    /// What the status code of an answer over HTTP says, from its three digits.
    ///
    /// | code | outcome |
    /// |---|---|
    /// | 1xx, 2xx, 3xx | success |
    /// | 408, 504 | timeout |
    /// | 499 | cancelled |
    /// | 429, 503, any other 4xx | rejected |
    /// | any other | an error of this type: `500` |
    ///
    /// ```
    /// use tower_metrics_inference::RequestOutcome;
    ///
    /// assert_eq!(RequestOutcome::of_status_code("503"), RequestOutcome::Rejected);
    /// assert_eq!(RequestOutcome::of_status_code("500"), RequestOutcome::Error("500"));
    /// ```
    pub fn of_status_code(code: &'a str) -> Self {
        match (code, code.as_bytes().first()) {
            (_, Some(b'1'..=b'3')) => Self::Success,
            ("408" | "504", _) => Self::Timeout,
            ("499", _) => Self::Cancelled,
            ("503", _) | (_, Some(b'4')) => Self::Rejected,
            _ => Self::Error(code),
        }
    }

    /// The status that is counted.
    pub const fn status(self) -> Status {
        match self {
            Self::Success => Status::Success,
            Self::Error(_) => Status::Error,
            Self::Timeout => Status::Timeout,
            Self::Cancelled => Status::Cancelled,
            Self::Rejected => Status::Rejected,
        }
    }
}

/// Why a generation stopped: the values of the label `finish_reason`.
///
/// The first four are those of [OpenAI's chat completions], which most engines use too; what
/// remains is for generations that did not come to their end.
///
/// [OpenAI's chat completions]: https://platform.openai.com/docs/api-reference/chat/object
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model had nothing more to say.
    Stop,
    /// As many tokens as allowed were generated.
    Length,
    /// The model asks for a tool.
    ToolCalls,
    /// A filter left out the rest.
    ContentFilter,
    /// Nobody waited for the rest.
    Cancelled,
    /// It took too long.
    Timeout,
    /// It failed.
    Error,
}

impl FinishReason {
    /// All of them.
    pub const ALL: &'static [Self] = &Self::EACH;

    // Apart, since its length is no part of the interface.
    pub(crate) const EACH: [Self; 7] = [
        Self::Stop,
        Self::Length,
        Self::ToolCalls,
        Self::ContentFilter,
        Self::Cancelled,
        Self::Timeout,
        Self::Error,
    ];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }

    /// The reason of a generation that gave none, by the status of its request.
    pub(crate) const fn of(status: Status) -> Self {
        match status {
            Status::Success => Self::Stop,
            Status::Timeout => Self::Timeout,
            Status::Error => Self::Error,
            Status::Cancelled | Status::Rejected => Self::Cancelled,
        }
    }
}
