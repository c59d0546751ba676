//! How a scrape can end.

/// How a scrape ended: what is answered, and what is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum ScrapeOutcome {
    Success,
    Failed,
    Overloaded,
    Unauthorized,
    MethodNotAllowed,
    Cancelled,
}

impl ScrapeOutcome {
    /// In the order above.
    pub(super) const ALL: [Self; 6] = [
        Self::Success,
        Self::Failed,
        Self::Overloaded,
        Self::Unauthorized,
        Self::MethodNotAllowed,
        Self::Cancelled,
    ];

    /// The value of the label `outcome`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Overloaded => "overloaded",
            Self::Unauthorized => "unauthorized",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Cancelled => "cancelled",
        }
    }
}
