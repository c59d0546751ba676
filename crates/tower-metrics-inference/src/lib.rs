//! Metrics of an inference service: models, requests, tokens, queues, GPUs.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
