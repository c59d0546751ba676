//! A model that is real: [Magika], which tells from its content what type a file has, run by
//! [tract].
//!
//! What goes in and what is made of what comes out is as in Magika's own library.
//!
//! [Magika]: https://securityresearch.google/magika
//! [tract]: https://github.com/sonos/tract

use std::{iter, sync::Arc};

use tract_onnx::prelude::*;

use super::{Engine, Failure, Known, Output};

pub(super) const MAGIKA: Known = Known {
    name: "magika",
    version: "standard_v3_3",
    load: || Ok(Arc::new(Magika::load().map_err(Failure::engine)?)),
};

const MODEL: &[u8] = include_bytes!("../../models/magika/model.onnx");
const LABELS: &str = include_str!("../../models/magika/labels.tsv");

/// How much of each end of a file the model looks at, in bytes.
const END: usize = 1024;
/// How much of each end blanks are taken off from, in bytes.
const BLOCK: usize = 4096;
/// What stands for bytes that are not there.
const PADDING: i32 = 256;
/// A file of fewer bytes says too little.
const SHORTEST: usize = 8;

#[derive(Debug)]
struct Magika {
    plan: TypedSimplePlan<TypedModel>,
    labels: Vec<Label>,
}

/// A line of `labels.tsv`.
#[derive(Debug)]
struct Label {
    is_text: bool,
    /// How sure the model must be.
    threshold: f32,
    /// What the file is called then.
    name: &'static str,
}

impl Magika {
    fn load() -> TractResult<Self> {
        let shape = i32::fact([1, 2 * END]);
        let model = onnx().model_for_read(&mut &*MODEL)?.with_input_fact(0, shape.into())?;
        let labels = LABELS.lines().map(Label::parse).collect::<Option<_>>();
        let labels = labels.ok_or_else(|| TractError::msg("the labels are not readable"))?;
        Ok(Self { plan: model.into_optimized()?.into_runnable()?, labels })
    }

    fn classify(&self, input: &[i32]) -> TractResult<Output> {
        let input = Tensor::from_shape(&[1, input.len()], input)?;
        let outputs = self.plan.run(tvec!(input.into()))?;
        let probabilities = outputs.first().map(|output| output.as_slice::<f32>()).transpose()?;
        let labels = probabilities.unwrap_or_default().iter().zip(&self.labels);
        let best = labels.max_by(|(one, _), (other, _)| one.total_cmp(other));
        let (probability, label) = best.ok_or_else(|| TractError::msg("there is no output"))?;
        let label = match label {
            Label { name, threshold, .. } if probability >= threshold => name,
            Label { is_text: true, .. } => "txt",
            Label { .. } => "unknown",
        };
        Ok(Output::Class { label, confidence: f64::from(*probability) })
    }
}

impl Engine for Magika {
    fn infer(&self, input: &str) -> Result<Output, Failure> {
        let features = features(input.as_bytes());
        if input.is_empty() {
            return Ok(Output::Class { label: "empty", confidence: 1.0 });
        }
        if features.get(SHORTEST - 1) == Some(&PADDING) {
            return Ok(Output::Class { label: "txt", confidence: 1.0 });
        }
        self.classify(&features).map_err(Failure::engine)
    }
}

impl Label {
    fn parse(line: &'static str) -> Option<Self> {
        let mut columns = line.split('\t').skip(1);
        let is_text = columns.next()? == "text";
        let threshold = columns.next()?.parse().ok()?;
        Some(Self { is_text, threshold, name: columns.next()? })
    }
}

/// Returns the first bytes and the last, without blanks before and after, padded in the middle.
fn features(file: &[u8]) -> Vec<i32> {
    let first = trim_start(file.get(..BLOCK).unwrap_or(file));
    let last = trim_end(file.get(file.len().saturating_sub(BLOCK)..).unwrap_or(file));
    let first = first.get(..END).unwrap_or(first);
    let last = last.get(last.len().saturating_sub(END)..).unwrap_or(last);
    let padding = iter::repeat_n(PADDING, 2 * END - first.len() - last.len());
    let value = |byte: &u8| i32::from(*byte);
    first.iter().map(value).chain(padding).chain(last.iter().map(value)).collect()
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [blank, rest @ ..] = bytes
        && is_blank(*blank)
    {
        bytes = rest;
    }
    bytes
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., blank] = bytes
        && is_blank(*blank)
    {
        bytes = rest;
    }
    bytes
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends are taken, each as it stands, and nothing stands for what is not there.
    #[test]
    fn features_are_both_ends_without_blanks() {
        let short = features(b" \x0babc ");
        assert_eq!(short.len(), 2048);
        assert_eq!(short[..4], [97, 98, 99, 32]);
        assert_eq!(short[4..2043], [PADDING; 2039]);
        assert_eq!(short[2043..], [32, 11, 97, 98, 99]);

        let long: Vec<u8> = (50..250).cycle().take(5000).collect();
        let long = features(&long);
        let value = |number: i32| number % 200 + 50;
        assert_eq!((long[0], long[1023]), (value(0), value(1023)));
        assert_eq!((long[1024], long[2047]), (value(3976), value(4999)));
    }

    /// What the model is sure of, and what it need not look at.
    #[test]
    fn files_are_what_they_look_like() {
        let magika = Magika::load().unwrap();
        assert_eq!(magika.labels.len(), 214);
        for (file, expected) in [
            ("", "empty"),
            ("a cat", "txt"),
            ("#!/bin/sh\necho hello", "shell"),
            (
                "fn main() {\n    let x: Vec<u8> = Vec::new();\n    println!(\"{x:?}\");\n}\n",
                "rust",
            ),
            (
                "def f(x):\n    import os\n    return [y for y in os.listdir(x)]\n\nprint(f('.'))\n",
                "python",
            ),
        ] {
            let Output::Class { label, confidence } = magika.infer(file).unwrap() else {
                panic!("{file} has no class");
            };
            assert_eq!(label, expected, "{file}");
            assert!((0.5..=1.0).contains(&confidence), "{file}: {confidence}");
        }
    }
}
