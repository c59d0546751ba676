//! Why a template is of no use.

use std::error::Error;
use std::fmt;

/// A path template that is malformed, overlaps with another, or lacks a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    template: String,
    reason: String,
}

impl TemplateError {
    /// An error that says what is wrong with `template`. For whoever takes templates.
    pub fn new(template: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { template: template.into(), reason: reason.into() }
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
