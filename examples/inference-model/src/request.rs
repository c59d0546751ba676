//! What a request must look like.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, de::DeserializeOwned};

use crate::error::ApiError;

/// How many bytes the body of a request may have: 64 KiB, much more than any model's input.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The body of a request, as it came.
#[derive(Debug)]
pub struct Body<B> {
    content_type: Option<Vec<u8>>,
    bytes: Result<B, ApiError>,
}

/// The body of `POST /predict/{model_name}`.
#[derive(Debug, Deserialize)]
pub struct PredictRequest {
    /// What the model looks at.
    pub(crate) input: String,
    /// How long the inference is made to take besides, in milliseconds.
    #[serde(default)]
    delay_ms: u64,
    /// Makes the inference fail.
    #[serde(default)]
    pub(crate) fail: bool,
}

/// The body of `POST /generate/{model_name}`.
#[derive(Debug, Deserialize)]
pub struct GenerateRequest {
    /// What the model continues.
    pub(crate) prompt: String,
    /// How many tokens there may be.
    #[serde(default = "default_max_tokens")]
    pub(crate) max_tokens: usize,
    /// How long each token is made to take, in milliseconds.
    #[serde(default)]
    token_delay_ms: u64,
    /// Makes the generation fail after its first token.
    #[serde(default)]
    pub(crate) fail: bool,
}

/// The body of `POST /models/{model_name}/load`.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct LoadRequest {
    /// How long loading is made to take besides, in milliseconds.
    delay_ms: u64,
    /// Makes loading fail.
    pub(crate) fail: bool,
}

impl<B: AsRef<[u8]>> Body<B> {
    /// Takes a body with the `content-type` it came with, or the reason why there is none.
    pub fn new(content_type: Option<&[u8]>, bytes: Result<B, ApiError>) -> Self {
        Self { content_type: content_type.map(<[u8]>::to_vec), bytes }
    }

    /// Reads the body as JSON.
    ///
    /// The frameworks' own JSON extractors differ in texts, limits and status codes.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let bytes = self.bytes?;
        if !self.content_type.is_some_and(|content_type| is_json(&content_type)) {
            return Err(ApiError::UnsupportedMediaType);
        }
        serde_json::from_slice(bytes.as_ref()).map_err(|error| {
            if error.is_data() { ApiError::Shape(error) } else { ApiError::Syntax(error) }
        })
    }

    /// Reads the body as JSON, unless it is empty.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(self) -> Result<T, ApiError> {
        let is_empty = self.bytes.as_ref().is_ok_and(|bytes| bytes.as_ref().is_empty());
        if is_empty { Ok(T::default()) } else { self.json() }
    }
}

impl PredictRequest {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// Returns the number of words, which these models take for tokens.
    pub(crate) fn tokens(&self) -> usize {
        self.input.split_whitespace().count()
    }
}

impl GenerateRequest {
    pub(crate) fn token_delay(&self) -> Duration {
        Duration::from_millis(self.token_delay_ms)
    }

    /// Returns the number of words in the prompt.
    pub(crate) fn tokens(&self) -> usize {
        self.prompt.split_whitespace().count()
    }
}

fn default_max_tokens() -> usize {
    16
}

impl LoadRequest {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

impl Default for LoadRequest {
    fn default() -> Self {
        Self { delay_ms: 100, fail: false }
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

    fn body(content_type: Option<&[u8]>, body: &'static str) -> Body<&'static str> {
        Body::new(content_type, Ok(body))
    }

    fn refused(content_type: Option<&[u8]>, text: &'static str) -> (u16, String) {
        let error = body(content_type, text).json::<PredictRequest>().unwrap_err();
        (error.status(), error.to_string())
    }

    /// Only the input is needed.
    #[test]
    fn delay_and_failure_are_optional() {
        let request: PredictRequest = body(JSON, r#"{"input": "a cat"}"#).json().unwrap();
        let (delay, fail) = (request.delay(), request.fail);
        assert_eq!((&*request.input, delay, fail), ("a cat", Duration::ZERO, false));

        let all = r#"{"input": "a cat", "delay_ms": 3, "fail": true}"#;
        let request: PredictRequest = body(JSON, all).json().unwrap();
        assert_eq!((request.delay(), request.fail), (Duration::from_millis(3), true));
    }

    /// Loading needs no body at all; one that is there must be right.
    #[test]
    fn an_empty_body_loads_as_usual() {
        let request: LoadRequest = body(None, "").json_or_default().unwrap();
        assert_eq!((request.delay_ms, request.fail), (100, false));
        let request: LoadRequest = body(JSON, r#"{"delay_ms": 3}"#).json_or_default().unwrap();
        assert_eq!((request.delay_ms, request.fail), (3, false));
        let error = body(None, "{}").json_or_default::<LoadRequest>().unwrap_err();
        assert_eq!(error.status(), 415);
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
        assert_eq!(text, format!("the body is not what is wanted: {reason}"));
    }

    /// Escapes are resolved, the slash included, and nothing is guessed.
    #[test]
    fn model_name_is_percent_decoded() {
        assert_eq!(decode_model_name("bert%2Dbase").unwrap(), "bert-base");
        assert_eq!(decode_model_name("a%2fb+c").unwrap(), "a/b+c");
        assert_eq!(decode_model_name("%ff").unwrap_err().status(), 400);
    }
}
