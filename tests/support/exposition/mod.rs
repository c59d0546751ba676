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
//! let scrape = Exposition::parse(
//!     "# HELP jobs_total Jobs that ended.\n\
//!      # TYPE jobs_total counter\n\
//!      jobs_total{kind=\"a\",ok=\"yes\"} 3\n\
//!      jobs_total{kind=\"a\",ok=\"no\"} 1\n",
//! )?;
//! assert_eq!(scrape.value("jobs_total", &[("ok", "yes"), ("kind", "a")]), Some(3.0));
//! assert_eq!(scrape.sum("jobs_total", &[("kind", "a")]), Some(4.0));
//! assert_eq!(scrape.family("jobs_total").map(|family| family.kind()), Some(Kind::Counter));
//!
//! let error = Exposition::parse("jobs_total 3\n").unwrap_err();
//! assert_eq!(error.to_string(), "line 1: no TYPE for `jobs_total`");
//! # Ok::<(), tower_metrics_tests::exposition::ParseError>(())
//! ```

mod error;
mod histogram;
mod line;
mod parse;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use error::{ErrorKind, ParseError};

use crate::{Error, http};

/// Label names and values, sorted by name.
pub type Labels = BTreeMap<String, String>;

/// What a family measures, as its TYPE line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
    /// Has quantiles that were computed where they were observed.
    Summary,
    /// Says nothing about itself.
    Untyped,
}

/// One series and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    name: String,
    labels: Labels,
    value: f64,
}

impl Sample {
    /// Returns the name, which for histograms and summaries is longer than the family's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the labels.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Returns the value.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The name and the labels as the text has them, for messages.
    fn series(&self) -> String {
        let labels: Vec<String> =
            self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        if labels.is_empty() {
            self.name.clone()
        } else {
            format!("{}{{{}}}", self.name, labels.join(","))
        }
    }
}

/// All samples of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    name: String,
    help: Option<String>,
    kind: Kind,
    samples: Vec<Sample>,
}

impl Family {
    /// Returns the name of the metric.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text of the HELP line, if there is one.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Returns what the TYPE line says.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the samples in the order of the text.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }
}

/// Everything that one scrape returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposition {
    families: Vec<Family>,
}

impl Exposition {
    /// Reads a whole text.
    ///
    /// # Errors
    ///
    /// A [`ParseError`] with the first line that is not strictly valid.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::families(text).map(|families| Self { families })
    }

    /// Requests a URL and reads the answer.
    ///
    /// # Errors
    ///
    /// [`Error::Http`] for any status but 200, [`Error::Exposition`] for text that is not strictly
    /// valid, else the errors of [`http::get`].
    pub async fn scrape(url: &str) -> Result<Self, Error> {
        let answer = http::get(url).await?;
        match answer.status() {
            200 => Ok(Self::parse(&answer.text())?),
            status => Err(Error::http(format!("{url} answered {status}"))),
        }
    }

    /// Returns the families in the order of the text.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Returns the family of that name.
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// Returns the number of series, each bucket of a histogram being one.
    pub fn series_count(&self) -> usize {
        self.samples().count()
    }

    /// Returns every sample of every family.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.families.iter().flat_map(|family| &family.samples)
    }

    /// Returns the value of the series with exactly these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut matches = self.matches(name, labels);
        matches.find(|sample| sample.labels.len() == labels.len()).map(Sample::value)
    }

    /// Returns the sum over the series that have at least these labels, if there is any.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.matches(name, labels).map(Sample::value).reduce(|sum, value| sum + value)
    }

    /// Returns the buckets of the histogram series with exactly these labels: each upper bound as
    /// it is written, and the count up to it.
    pub fn buckets(&self, histogram: &str, labels: &[(&str, &str)]) -> Vec<(&str, f64)> {
        let name = format!("{histogram}_bucket");
        self.matches(&name, labels)
            .filter(|sample| sample.labels.len() == labels.len() + 1)
            .filter_map(|sample| Some((sample.labels.get("le")?.as_str(), sample.value)))
            .collect()
    }

    fn matches(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        self.samples().filter(move |sample| {
            let has = |(key, value): &(&str, &str)| {
                sample.labels.get(*key).is_some_and(|actual| actual == value)
            };
            sample.name == name && labels.iter().all(has)
        })
    }
}
