//! A whole text, and how to find something in it.

use super::{Family, ParseError, Sample, parse};
use crate::{Error, http};

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
    /// [`Error::Http`] for any status but 200 and for what is no UTF-8, [`Error::Exposition`] for
    /// text that is not strictly valid, else the errors of [`http::get`].
    pub async fn scrape(url: &str) -> Result<Self, Error> {
        let answer = http::get(url).await?;
        match answer.status() {
            200 => Ok(Self::parse(str::from_utf8(answer.body()).map_err(Error::http)?)?),
            status => Err(Error::http(format!("{url} answered {status}"))),
        }
    }

    /// Returns the families in the order of the text.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Returns the family of that name.
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name() == name)
    }

    /// Returns the number of series, each bucket of a histogram being one.
    pub fn series_count(&self) -> usize {
        self.samples().count()
    }

    /// Returns every sample of every family.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.families.iter().flat_map(Family::samples)
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
