//! From lines to families.

use std::collections::HashMap;

use super::error::{ParseError, ParseErrorKind};
use super::family::Fault;
use super::line::{self, Line};
use super::{Family, Kind, Sample};

/// Reads a whole text.
///
/// Twice: a sample belongs to a histogram also where the TYPE line comes after it.
pub(super) fn families(text: &str) -> Result<Vec<Family>, ParseError> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let line = line.strip_suffix('\n').ok_or(ParseErrorKind::MissingFinalNewline);
        let line = line.and_then(line::parse).map_err(|kind| ParseError::new(number, kind))?;
        lines.push((number, line));
    }
    let mut reader = Reader::default();
    for (_, line) in &lines {
        if let Line::Type { name, kind } = line {
            reader.kinds.entry(name).or_insert(*kind);
        }
    }
    for (number, line) in lines {
        reader.add(number, line);
    }
    let mut families: Vec<Family> = reader.families.into_values().collect();
    families.sort_unstable_by_key(Family::line);
    Ok(families)
}

#[derive(Debug, Default)]
struct Reader<'a> {
    /// What the TYPE lines say.
    kinds: HashMap<&'a str, Kind>,
    families: HashMap<&'a str, Family>,
    /// The family of the line before.
    last: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn add(&mut self, number: usize, line: Line<'a>) {
        match line {
            Line::Help { name, text } => {
                let family = self.family(name, number);
                if family.help.is_some() {
                    family.faults.push((number, Fault::SecondHelp));
                } else if !family.samples.is_empty() {
                    family.faults.push((number, Fault::HelpAfterSamples));
                }
                family.help.get_or_insert(text);
            }
            Line::Type { name, kind } => {
                let family = self.family(name, number);
                if family.kind.is_some() {
                    family.faults.push((number, Fault::SecondType));
                } else if !family.samples.is_empty() {
                    family.faults.push((number, Fault::TypeAfterSamples));
                }
                family.kind.get_or_insert(kind);
            }
            Line::Sample { name, labels, value, timestamp } => {
                let family = self.family(self.family_of(name), number);
                let name = name.to_owned();
                family.samples.push(Sample { line: number, name, labels, value, timestamp });
            }
            Line::Nothing => {}
        }
    }

    fn family(&mut self, name: &'a str, number: usize) -> &mut Family {
        let comes_back = self.last != Some(name) && self.families.contains_key(name);
        self.last = Some(name);
        let family = self.families.entry(name).or_insert_with(|| Family::new(name, number));
        if comes_back {
            family.faults.push((number, Fault::Split));
        }
        family
    }

    /// The family of a sample: histograms and summaries spread over several names.
    fn family_of(&self, sample: &'a str) -> &'a str {
        if self.kinds.contains_key(sample) {
            return sample;
        }
        let is_part = |family: &str, suffix| {
            self.kinds.get(family).is_some_and(|kind| kind.suffixes().contains(&suffix))
        };
        ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|suffix| sample.strip_suffix(suffix).filter(|family| is_part(family, suffix)))
            .unwrap_or(sample)
    }
}
