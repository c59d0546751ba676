//! A strict reader of the Prometheus text format, version 0.0.4.
//!
//! It accepts less than Prometheus does: whatever two readers might understand differently, or one
//! of them silently drops, is an error with its line. So every family is typed and in one piece, no
//! series comes twice, histograms add up, samples carry no timestamp, and tokens are separated by
//! exactly one blank.
//!
//! ```
//! use tower_metrics_tests::exposition::{Exposition, Kind};
//!
//! let text = [
//!     "# HELP jobs_total Jobs that ended.",
//!     "# TYPE jobs_total counter",
//!     r#"jobs_total{kind="a",ok="yes"} 3"#,
//!     r#"jobs_total{kind="a",ok="no"} 1"#,
//!     "",
//! ];
//! let scrape = Exposition::parse(&text.join("\n"))?;
//! assert_eq!(scrape.value("jobs_total", &[("ok", "yes"), ("kind", "a")]), Some(3.0));
//! assert_eq!(scrape.sum("jobs_total", &[("kind", "a")]), Some(4.0));
//! assert_eq!(scrape.family("jobs_total").map(|family| family.kind()), Some(Kind::Counter));
//!
//! let error = Exposition::parse("jobs_total 3\n").unwrap_err();
//! assert_eq!(error.to_string(), "line 1: no TYPE for `jobs_total`");
//! # Ok::<(), tower_metrics_tests::exposition::ParseError>(())
//! ```

mod error;
mod family;
mod histogram;
mod line;
mod parse;
mod scrape;
#[cfg(test)]
mod tests;

pub use error::{ErrorKind, ParseError};
pub use family::{Family, Kind, Labels, Sample};
pub use scrape::Exposition;
