//! A reader of the Prometheus text format, version 0.0.4.
//!
//! What the format does not allow in a line is an error; what is wrong with lines that are well
//! formed, such as a series that comes twice, is for the [`Doctor`](crate::Doctor) to say.

mod error;
mod family;
mod line;
mod parse;
#[cfg(test)]
mod tests;

pub use self::error::{ParseError, ParseErrorKind};
pub(crate) use self::family::Fault;
pub use self::family::{Family, Kind, Labels, Sample};
pub(crate) use self::line::number;

/// Everything that one scrape returned.
///
/// See the [crate docs](crate).
#[derive(Clone, Debug, PartialEq)]
pub struct Exposition {
    families: Vec<Family>,
}

impl Exposition {
    /// Reads a whole text.
    ///
    /// # Errors
    ///
    /// A [`ParseError`] with the first line that is not well formed.
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics_doctor::{Exposition, Kind};
    ///
    /// let text = "# TYPE jobs_total counter\njobs_total{kind=\"a\"} 3\n";
    /// let exposition = Exposition::parse(text)?;
    /// let [jobs] = exposition.families() else { unreachable!() };
    /// assert_eq!((jobs.name(), jobs.kind()), ("jobs_total", Some(Kind::Counter)));
    ///
    /// let error = Exposition::parse("up 1\njobs-total 3\n").unwrap_err();
    /// assert_eq!(error.line(), 2);
    /// assert_eq!(error.to_string(), "line 2: `jobs-total` is no metric name");
    /// # Ok::<(), metrics_doctor::ParseError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::families(text).map(|families| Self { families })
    }

    /// Returns the families in the order in which they begin.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Returns every sample of every family.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.families.iter().flat_map(Family::samples)
    }

    pub(crate) fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name() == name)
    }
}
