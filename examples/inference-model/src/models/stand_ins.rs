//! Stand-ins for models: they compute something small that depends on their input and on nothing
//! else. How long loading and inference take, and whether they fail, is what the request says.
//!
//! A real model is an [`Engine`] of its own, with its line in [`KNOWN`](super::KNOWN).

use std::{iter, sync::Arc};

use super::{Engine, Failure, Known, Output, Tokens};

/// Classifies its input: a label picked by a hash.
pub(super) const RESNET50: Known =
    Known { name: "resnet50", version: "1", load: || Ok(Arc::new(Classifier)) };

/// Embeds its input, the sum of one hashed vector per word, and continues it.
pub(super) const BERT_BASE: Known =
    Known { name: "bert-base", version: "1", load: || Ok(Arc::new(Embedder)) };

/// Numbers in an embedding.
const DIMENSIONS: usize = 8;

/// The token that ends a generation.
const END: &str = ".";

/// Tokens of the longest generation.
const LONGEST: usize = 64;

/// The tokens of a generation.
const VOCABULARY: [&str; 16] = [
    "the", "a", "cat", "bus", "photo", "of", "and", "sees", "is", "red", "small", "in", "on",
    "sleeps", "runs", END,
];

#[derive(Debug)]
struct Classifier;

#[derive(Debug)]
struct Embedder;

impl Engine for Classifier {
    fn infer(&self, input: &str) -> Result<Output, Failure> {
        Ok(classify(input))
    }
}

impl Engine for Embedder {
    fn infer(&self, input: &str) -> Result<Output, Failure> {
        Ok(embed(input))
    }

    fn generate(&self, prompt: &str) -> Option<Tokens> {
        Some(Box::new(continuation(prompt)))
    }
}

/// Picks a label, and a confidence between 0.5 and 1.
fn classify(input: &str) -> Output {
    let [class, confidence, ..] = hash(input);
    let label = match class % 4 {
        0 => "golden retriever",
        1 => "tabby cat",
        2 => "school bus",
        _ => "espresso",
    };
    Output::Class { label, confidence: 0.5 + f64::from(confidence) / 510.0 }
}

/// Adds up one vector per word, each number of it between -1 and 1.
fn embed(input: &str) -> Output {
    let mut embedding = [0.0; DIMENSIONS];
    for word in input.split_whitespace() {
        for (sum, byte) in embedding.iter_mut().zip(hash(word)) {
            *sum += f64::from(byte) / 127.5 - 1.0;
        }
    }
    let norm = embedding.iter().map(|x| x * x).sum::<f64>().sqrt();
    Output::Embedding { dimensions: DIMENSIONS, norm }
}

/// Picks one token after the other, each by what came before it, until a sentence ends.
fn continuation(prompt: &str) -> impl Iterator<Item = &'static str> + use<> {
    let mut text = prompt.to_owned();
    let mut has_ended = false;
    iter::from_fn(move || {
        if has_ended {
            return None;
        }
        let [pick, ..] = hash(&text);
        let token = *VOCABULARY.get(usize::from(pick) % VOCABULARY.len())?;
        text.push_str(token);
        has_ended = token == END;
        Some(token)
    })
    .take(LONGEST)
}

/// Hashes with 64-bit FNV-1a, which gives the same answer on every machine; std's hashers don't
/// promise that.
fn hash(text: &str) -> [u8; DIMENSIONS] {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
        .to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer depends on the input, and on nothing else.
    #[test]
    fn an_answer_is_a_function_of_the_input() {
        for Known { load, .. } in [RESNET50, BERT_BASE] {
            let answer = |input| load().unwrap().infer(input).unwrap();
            assert_eq!(answer("a photo of a cat"), answer("a photo of a cat"));
            assert_ne!(answer("a photo of a cat"), answer("a photo of a bus"));
        }
    }

    /// An input without words is valid and has an embedding of length zero.
    #[test]
    fn empty_input_embeds_to_nothing() {
        let nothing = Output::Embedding { dimensions: 8, norm: 0.0 };
        assert_eq!(Embedder.infer("").unwrap(), nothing);
    }

    /// A generation ends with a sentence, and is the same each time.
    #[test]
    fn a_generation_is_a_sentence_that_depends_on_the_prompt() {
        let tokens = |prompt| Embedder.generate(prompt).unwrap().collect::<Vec<_>>();
        for prompt in ["", "a cat", "a bus"] {
            let sentence = tokens(prompt);
            assert_eq!(sentence.iter().position(|token| *token == END), Some(sentence.len() - 1));
            assert_eq!(sentence, tokens(prompt));
        }
        assert_ne!(tokens("a cat"), tokens("a bus"));
    }

    /// Not every model can continue a text.
    #[test]
    fn a_classifier_does_not_generate() {
        assert!(Classifier.generate("a cat").is_none());
    }
}
