//! Answers scrapes: what is asked, what is answered, and the tower service around it.
//!
//! All but the service is free of the types of `http`, whose versions differ between frameworks.

mod accept;
mod answer;
mod body;
mod gate;
mod outcome;
mod request;
mod self_metrics;
mod service;
mod token;

pub use self::answer::{CONTENT_TYPE, Scrape, ScrapeAnswer};
pub use self::body::{ScrapeBody, SlowReaderError};
pub(crate) use self::gate::Gate;
pub use self::request::ScrapeRequest;
pub use self::service::{ScrapeFuture, ScrapeService};
pub(crate) use self::token::Tokens;
