//! How an item can end.

/// How an item of a batch job ended: the values of the label `status` of
/// `batch_inference_processed_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemStatus {
    /// It returned `Ok`.
    Success,
    /// It returned an error or panicked.
    Error,
    /// Its future was dropped before it was ready: the job did not go on with it.
    Cancelled,
}

impl ItemStatus {
    /// All of them.
    pub const ALL: &'static [Self] = &Self::EACH;

    // Apart, since its length is no part of the interface.
    pub(super) const EACH: [Self; 3] = [Self::Success, Self::Error, Self::Cancelled];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn of<T, E>(result: &Result<T, E>) -> Self {
        if result.is_ok() { Self::Success } else { Self::Error }
    }
}
