//! What a request must look like.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::{error::ApiError, model::Job};

/// How many bytes the body of a request may have: 64 KiB, much more than any model's input.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The body of `POST /predict/{model_name}`.
#[derive(Debug, Deserialize)]
pub struct PredictRequest {
    /// What the model looks at.
    input: String,
    /// How long the simulated inference takes, in milliseconds.
    #[serde(default)]
    delay_ms: u64,
    /// Makes the simulated inference fail.
    #[serde(default)]
    fail: bool,
}

impl PredictRequest {
    /// Reads a body, given the `content-type` it came with.
    ///
    /// The frameworks' own JSON extractors differ in texts, limits and status codes.
    ///
    /// # Errors
    ///
    /// [`ApiError::UnsupportedMediaType`], [`ApiError::Syntax`] or [`ApiError::Shape`].
    pub fn parse(content_type: Option<&[u8]>, body: &[u8]) -> Result<Self, ApiError> {
        if !content_type.is_some_and(is_json) {
            return Err(ApiError::UnsupportedMediaType);
        }
        serde_json::from_slice(body).map_err(|error| {
            if error.is_data() { ApiError::Shape(error) } else { ApiError::Syntax(error) }
        })
    }

    pub(crate) fn into_job(self) -> Job {
        let Self { input, delay_ms, fail } = self;
        Job { input, delay: Duration::from_millis(delay_ms), fail }
    }
}

/// Whether this is `application/json`, or `application/…+json`, whatever its parameters.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    let subtype = essence.strip_prefix(b"application/").unwrap_or_default();
    subtype == b"json" || subtype.ends_with(b"+json")
}

/// Decodes a model's name as it stands in the path, for frameworks that don't.
///
/// # Errors
///
/// [`ApiError::UndecodableModelName`] if it is not UTF-8.
pub fn decode_model_name(segment: &str) -> Result<String, ApiError> {
    let name = percent_decode_str(segment).decode_utf8();
    name.map(Into::into).map_err(|_| ApiError::UndecodableModelName)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Option<&[u8]> = Some(b"application/json");

    fn refused(content_type: Option<&[u8]>, body: &str) -> (u16, String) {
        let error = PredictRequest::parse(content_type, body.as_bytes()).unwrap_err();
        (error.status(), error.to_string())
    }

    /// Only the input is needed.
    #[test]
    fn delay_and_failure_are_optional() {
        let job = PredictRequest::parse(JSON, br#"{"input": "a cat"}"#).unwrap().into_job();
        assert_eq!((&*job.input, job.delay, job.fail), ("a cat", Duration::ZERO, false));

        let body = br#"{"input": "a cat", "delay_ms": 3, "fail": true}"#;
        let job = PredictRequest::parse(JSON, body).unwrap().into_job();
        assert_eq!((job.delay, job.fail), (Duration::from_millis(3), true));
    }

    /// Parameters and case mean nothing; derived formats are JSON too.
    #[test]
    fn content_type_says_json_in_many_ways() {
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/a.b+json"]
        {
            assert!(is_json(json.as_bytes()), "{json}");
        }
        for other in ["", "json", "text/json", "application/jsonl", "application/x-json-stream"] {
            assert!(!is_json(other.as_bytes()), "{other}");
        }
        let (status, text) = refused(None, "{}");
        assert_eq!(status, 415);
        assert_eq!(text, "the content type of the body is not application/json");
    }

    /// What is no JSON at all is told apart from JSON that means nothing here.
    #[test]
    fn syntax_is_400_and_shape_is_422() {
        let (status, text) = refused(JSON, "{");
        assert_eq!(status, 400);
        assert_eq!(text, "the body is not JSON: EOF while parsing an object at line 1 column 1");

        let (status, text) = refused(JSON, "{}");
        assert_eq!(status, 422);
        let reason = "missing field `input` at line 1 column 2";
        assert_eq!(text, format!("the body is no prediction request: {reason}"));
    }

    /// Escapes are resolved, the slash included, and nothing is guessed.
    #[test]
    fn model_name_is_percent_decoded() {
        assert_eq!(decode_model_name("bert%2Dbase").unwrap(), "bert-base");
        assert_eq!(decode_model_name("a%2fb+c").unwrap(), "a/b+c");
        assert_eq!(decode_model_name("%ff").unwrap_err().status(), 400);
    }
}
