//! What a program needs besides the rules.

mod error;
mod fetch;
mod options;
mod report;
mod source;
mod target;

pub(crate) use self::error::Error;
pub(crate) use self::options::{Options, Request, help, parse};
pub(crate) use self::report::print;
