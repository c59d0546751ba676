//! What a model can be called.

use super::entry::Entry;
use crate::error::InferenceError;

/// The longest name of a model, in bytes.
const MAX_BYTES: usize = 256;

/// Checks a name that somebody gives to a model.
pub(crate) fn check_name(name: &str) -> Result<(), InferenceError> {
    let invalid = |reason| Err(InferenceError::InvalidModelName { name: name.to_owned(), reason });
    if name.is_empty() {
        return invalid("it is empty");
    }
    if name.len() > MAX_BYTES {
        return invalid("it is longer than 256 bytes");
    }
    if name == Entry::UNKNOWN {
        return invalid("it stands for models that are not registered");
    }
    Ok(())
}
