//! The models: loaded once at startup, then only read.
//!
//! Loading and inference are simulated. Loading waits instead of reading weights, and a model
//! computes something small that depends on its input and on nothing else. A real model goes into
//! [`Model::infer`]; what keeps a core busy belongs on `tokio::task::spawn_blocking`.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;
use tokio::time;

/// How long a simulated model takes to load.
const LOAD_TIME: Duration = Duration::from_millis(100);

/// Numbers in an embedding.
const DIMENSIONS: usize = 8;

/// The models that can be asked, by name.
#[derive(Debug)]
pub(crate) struct Registry {
    models: BTreeMap<&'static str, Model>,
}

impl Registry {
    /// Loads every model, one after the other.
    pub(crate) async fn load_all() -> Self {
        let mut models = BTreeMap::new();
        for model in [Model::ResNet50, Model::BertBase] {
            time::sleep(LOAD_TIME).await;
            models.insert(model.name(), model);
        }
        Self { models }
    }

    /// Returns the model of this name, if it is loaded.
    pub(crate) fn get(&self, name: &str) -> Option<Model> {
        self.models.get(name).copied()
    }
}

/// One inference to run.
#[derive(Debug)]
pub(crate) struct Job {
    /// What the model looks at.
    pub(crate) input: String,
    /// How long the simulated inference takes.
    pub(crate) delay: Duration,
    /// Makes the simulated inference fail.
    pub(crate) fail: bool,
}

/// A loaded model.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Model {
    /// Classifies its input: a label picked by a hash.
    ResNet50,
    /// Embeds its input: the sum of one hashed vector per word.
    BertBase,
}

impl Model {
    /// Returns the name used in URLs and labels.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ResNet50 => "resnet50",
            Self::BertBase => "bert-base",
        }
    }

    /// Runs one inference, taking `job.delay`.
    pub(crate) async fn predict(self, job: &Job) -> Result<Prediction, InferenceError> {
        time::sleep(job.delay).await;
        if job.fail {
            return Err(InferenceError { model: self.name() });
        }
        Ok(Prediction {
            model: self.name(),
            output: self.infer(&job.input),
            tokens: job.input.split_whitespace().count(),
        })
    }

    fn infer(self, input: &str) -> Output {
        match self {
            Self::ResNet50 => classify(input),
            Self::BertBase => embed(input),
        }
    }
}

/// The answer to one inference.
#[derive(Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Name of the model that answered.
    model: &'static str,
    /// What the model says about the input.
    output: Output,
    /// Words in the input.
    tokens: usize,
}

/// What a model says about its input.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Output {
    Class { label: &'static str, confidence: f64 },
    Embedding { dimensions: usize, norm: f64 },
}

/// A simulated inference that was asked to fail.
#[derive(Debug)]
pub struct InferenceError {
    model: &'static str,
}

impl fmt::Display for InferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inference with {} failed", self.model)
    }
}

impl std::error::Error for InferenceError {}

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

    fn job(input: &str) -> Job {
        Job { input: input.to_owned(), delay: Duration::ZERO, fail: false }
    }

    /// Both models can be asked once they are loaded, and no other.
    #[tokio::test(start_paused = true)]
    async fn registry_holds_the_two_models() {
        let registry = Registry::load_all().await;
        assert_eq!(registry.get("resnet50").map(Model::name), Some("resnet50"));
        assert_eq!(registry.get("bert-base").map(Model::name), Some("bert-base"));
        assert!(registry.get("alexnet").is_none());
    }

    /// The answer depends on the input, and on nothing else.
    #[tokio::test]
    async fn prediction_is_a_function_of_the_input() {
        for model in [Model::ResNet50, Model::BertBase] {
            let prediction = model.predict(&job("a photo of a cat")).await.unwrap();
            assert_eq!(prediction, model.predict(&job("a photo of a cat")).await.unwrap());
            assert_ne!(prediction, model.predict(&job("a photo of a bus")).await.unwrap());
            assert_eq!(prediction.tokens, 5);
        }
    }

    /// An input without words is valid and has an embedding of length zero.
    #[tokio::test]
    async fn empty_input_embeds_to_nothing() {
        let prediction = Model::BertBase.predict(&job("")).await.unwrap();
        assert_eq!(prediction.output, Output::Embedding { dimensions: 8, norm: 0.0 });
        assert_eq!(prediction.tokens, 0);
    }

    /// A job that asks for it fails, and the error names the model.
    #[tokio::test]
    async fn failing_job_names_its_model() {
        let failing = Job { fail: true, ..job("hello") };
        let error = Model::BertBase.predict(&failing).await.unwrap_err();
        assert_eq!(error.to_string(), "inference with bert-base failed");
    }
}
