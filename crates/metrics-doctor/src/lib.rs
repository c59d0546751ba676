//! Checks what a service exposes to Prometheus, without a Prometheus.
//!
//! A [`Doctor`] reads an [`Exposition`] and returns [`Finding`]s: what is wrong by which [`Rule`],
//! how bad that is, and what to do. The rules are those of [tower-metrics]: traps such as labels
//! with values without end, counters without `_total` and buckets that do not fit, and the naming
//! of metrics and units.
//!
//! The crate is a program too, `metrics-doctor http://127.0.0.1:8000/metrics`. The library is for
//! tests of a service's own, and with `default-features = false` it has no dependencies.
//!
//! # Default
//!
//! ```
//! use metrics_doctor::{Doctor, Exposition, Rule, Severity};
//!
//! let text = "\
//! ## HELP requests Requests that ended.
//! ## TYPE requests counter
//! requests{endpoint=\"/predict/123\"} 1
//! requests{endpoint=\"/predict/456\"} 1
//! ";
//! let findings = Doctor::new().examine(&Exposition::parse(text)?);
//! let found: Vec<_> = findings.iter().map(|finding| (finding.severity(), finding.rule())).collect();
//! assert_eq!(
//!     found,
//!     [(Severity::Error, Rule::CounterSuffix), (Severity::Error, Rule::UnboundedLabel)]
//! );
//! assert_eq!(
//!     findings[0].to_string(),
//!     "error[counter-suffix]: requests: counter without `_total`; call it `requests_total`"
//! );
//! # Ok::<(), metrics_doctor::ParseError>(())
//! ```
//!
//! # Customised
//!
//! ```
//! use metrics_doctor::{Doctor, Exposition, Rule};
//!
//! let doctor = Doctor::new()
//!     .with_max_series(200)
//!     .with_allowed(Rule::MissingHelp)
//!     .with_allowed_for(Rule::CounterSuffix, "requests");
//! let text = "# TYPE requests counter\nrequests 1\n";
//! assert_eq!(doctor.examine(&Exposition::parse(text)?), []);
//! # Ok::<(), metrics_doctor::ParseError>(())
//! ```
//!
//! # Features
//!
//! - `cli` (default): the program, and the HTTP client that it needs.
//!
//! [tower-metrics]: https://docs.rs/tower-metrics

mod doctor;
mod exposition;
mod finding;
mod growth;
mod rule;
mod rules;

pub use self::doctor::Doctor;
pub use self::exposition::{Exposition, Family, Kind, Labels, ParseError, ParseErrorKind, Sample};
pub use self::finding::{Finding, Severity};
pub use self::rule::Rule;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
