//! A template that no model's name can be taken from.

use std::error::Error;
use std::fmt;

/// A template that no model's name can be taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    template: String,
    reason: String,
}

impl TemplateError {
    pub(super) fn new(template: String, reason: impl Into<String>) -> Self {
        Self { template, reason: reason.into() }
    }

    /// The template.
    pub fn template(&self) -> &str {
        &self.template
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path template {:?} is not usable: {}", self.template, self.reason)
    }
}

impl Error for TemplateError {}
