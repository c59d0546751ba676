//! From lines to families.

use std::collections::{HashMap, HashSet};

use super::error::{ErrorKind, ParseError};
use super::line::{self, Line};
use super::{Family, Kind, Labels, Sample, histogram};

/// Reads a whole text.
pub(super) fn families(text: &str) -> Result<Vec<Family>, ParseError> {
    let mut reader = Reader::default();
    for line in text.split_inclusive('\n') {
        reader.line += 1;
        let line = line.strip_suffix('\n').ok_or(ErrorKind::MissingFinalNewline);
        let line = line.and_then(line::parse).map_err(|kind| reader.fail(kind))?;
        reader.add(line)?;
    }
    reader.close()?;
    Ok(reader.families)
}

#[derive(Debug, Default)]
struct Reader {
    /// The number of the line that is being read.
    line: usize,
    /// The family whose lines are being read.
    open: Option<Draft>,
    families: Vec<Family>,
    /// What the closed families are, by name.
    kinds: HashMap<String, Kind>,
    series: HashSet<(String, Labels)>,
}

impl Reader {
    fn add(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        match line {
            Line::Help { name, text } => {
                self.open(name)?.set_help(text).map_err(|kind| self.fail(kind))
            }
            Line::Type { name, kind } => {
                self.open(name)?.set_kind(kind).map_err(|kind| self.fail(kind))
            }
            Line::Sample(sample) => {
                if !self.series.insert((sample.name.clone(), sample.labels.clone())) {
                    return Err(self.fail(ErrorKind::DuplicateSeries(sample.series())));
                }
                let line = self.line;
                let family = self.family_of(&sample.name).to_owned();
                self.open(&family)?.samples.push((line, sample));
                Ok(())
            }
            Line::Nothing => Ok(()),
        }
    }

    /// Makes a family the open one: it is already, or nothing of it was read before.
    fn open(&mut self, name: &str) -> Result<&mut Draft, ParseError> {
        if self.open.as_ref().is_some_and(|draft| draft.name != name) {
            self.close()?;
        }
        if self.kinds.contains_key(name) {
            return Err(self.fail(ErrorKind::NotContiguous(name.to_owned())));
        }
        let line = self.line;
        Ok(self.open.get_or_insert_with(|| Draft::new(name, line)))
    }

    fn close(&mut self) -> Result<(), ParseError> {
        if let Some(draft) = self.open.take() {
            let family = draft.finish()?;
            self.kinds.insert(family.name.clone(), family.kind);
            self.families.push(family);
        }
        Ok(())
    }

    /// The family of a sample: histograms and summaries spread over several names.
    fn family_of<'a>(&self, sample: &'a str) -> &'a str {
        let is_part = |family: &str, suffix| {
            let open = self.open.as_ref().filter(|draft| draft.name == family);
            let kind = open.and_then(|draft| draft.kind).or(self.kinds.get(family).copied());
            kind.is_some_and(|kind| kind.suffixes().contains(&suffix))
        };
        ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|suffix| sample.strip_suffix(suffix).filter(|family| is_part(family, suffix)))
            .unwrap_or(sample)
    }

    fn fail(&self, kind: ErrorKind) -> ParseError {
        ParseError::new(self.line, kind)
    }
}

impl Kind {
    fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Histogram => &["_bucket", "_sum", "_count"],
            Self::Summary => &["_sum", "_count"],
            Self::Counter | Self::Gauge | Self::Untyped => &[],
        }
    }
}

/// A family that may get further lines.
#[derive(Debug)]
struct Draft {
    name: String,
    /// Its first line.
    line: usize,
    help: Option<String>,
    kind: Option<Kind>,
    /// Each sample after its line.
    samples: Vec<(usize, Sample)>,
}

impl Draft {
    fn new(name: &str, line: usize) -> Self {
        Self { name: name.to_owned(), line, help: None, kind: None, samples: Vec::new() }
    }

    fn set_help(&mut self, text: String) -> Result<(), ErrorKind> {
        if self.help.is_some() {
            Err(ErrorKind::DuplicateHelp(self.name.clone()))
        } else if !self.samples.is_empty() {
            Err(ErrorKind::HelpAfterSamples(self.name.clone()))
        } else {
            self.help = Some(text);
            Ok(())
        }
    }

    fn set_kind(&mut self, kind: Kind) -> Result<(), ErrorKind> {
        if self.kind.is_some() {
            Err(ErrorKind::DuplicateType(self.name.clone()))
        } else if !self.samples.is_empty() {
            Err(ErrorKind::TypeAfterSamples(self.name.clone()))
        } else {
            self.kind = Some(kind);
            Ok(())
        }
    }

    /// Checks what only the whole family shows.
    fn finish(self) -> Result<Family, ParseError> {
        let Self { name, line, help, kind, samples } = self;
        let untyped = || ParseError::new(line, ErrorKind::MissingType(name.clone()));
        let kind = kind.ok_or_else(untyped)?;
        match kind {
            Kind::Counter => samples.iter().try_for_each(check_counter)?,
            Kind::Histogram => histogram::check_histogram(&name, &samples)?,
            Kind::Summary => histogram::check_summary(&name, &samples)?,
            Kind::Gauge | Kind::Untyped => {}
        }
        let samples = samples.into_iter().map(|(_, sample)| sample).collect();
        Ok(Family { name, help, kind, samples })
    }
}

fn check_counter((line, sample): &(usize, Sample)) -> Result<(), ParseError> {
    if sample.value >= 0.0 {
        Ok(())
    } else {
        Err(ParseError::new(*line, ErrorKind::BadCounter(sample.series())))
    }
}
