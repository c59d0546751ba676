//! The models: what each can do, and which of them are loaded.

mod engine;
mod entry;
#[cfg(feature = "onnx")]
mod magika;
mod offline;
mod stand_ins;

pub(crate) use self::{
    engine::{Engine, Known, Output, Tokens},
    entry::{Entry, Ready},
};
pub use self::{
    engine::{Failure, Prediction},
    offline::OfflineModel,
};

/// Every model of the service, in the order in which they are loaded at the start.
pub(crate) const KNOWN: &[Known] = &[
    stand_ins::RESNET50,
    stand_ins::BERT_BASE,
    #[cfg(feature = "onnx")]
    magika::MAGIKA,
];
