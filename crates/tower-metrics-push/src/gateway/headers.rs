//! Headers that go with every push.

use std::fmt;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use tower_metrics_prometheus::CONTENT_TYPE;

use super::credentials::Credentials;
use crate::error::PushGatewayError;

/// Headers of which a push cannot have others than its own.
const RESERVED: [HeaderName; 7] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Headers as they were given, whose values may be secrets.
#[derive(Clone, Default)]
pub(super) struct Headers {
    given: Vec<(String, String)>,
}

impl Headers {
    pub(super) fn push(&mut self, name: String, value: String) {
        self.given.push((name, value));
    }

    /// All headers of a push, and what of them is secret.
    pub(super) fn build(
        &self,
        authority: &str,
        credentials: Option<&Credentials>,
    ) -> Result<(HeaderMap, Option<String>), PushGatewayError> {
        let mut headers = HeaderMap::new();
        let host = HeaderValue::from_str(authority);
        headers.insert(header::HOST, host.map_err(|_| PushGatewayError::url("its host is none"))?);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        let (authorization, secret) = credentials.map(Credentials::header).transpose()?.unzip();
        headers.extend(authorization.map(|value| (header::AUTHORIZATION, value)));
        for (name, value) in &self.given {
            let (name, value) = parse(name, value)?;
            headers.insert(name, value);
        }
        Ok((headers, secret))
    }
}

fn parse(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), PushGatewayError> {
    // Not named: whoever mixes the two up has a secret there.
    let header: HeaderName = name.parse().map_err(|_| PushGatewayError::InvalidHeaderName)?;
    let error = |reason| PushGatewayError::InvalidHeader { name: header.to_string(), reason };
    if RESERVED.contains(&header) {
        return Err(error("it is the client's own"));
    }
    let value = HeaderValue::from_str(value);
    let mut value = value.map_err(|_| error("its value has characters that none can have"))?;
    value.set_sensitive(true);
    Ok((header, value))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secret", self.given.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&str, &str)]) -> Headers {
        let given = given.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Headers { given: given.collect() }
    }

    /// Whoever knows better than the setters for credentials.
    #[test]
    fn a_header_replaces_what_the_client_would_send() {
        let given =
            headers(&[("x-scope-orgid", "1"), ("User-Agent", "me"), ("authorization", "x")]);
        let credentials = Credentials::Bearer("token".to_owned());
        let (map, secret) = given.build("gateway:1", Some(&credentials)).unwrap();
        let get = |name: &str| map.get(name).unwrap().to_str().unwrap();
        assert_eq!(["host", "user-agent", "authorization"].map(get), ["gateway:1", "me", "x"]);
        assert_eq!((get("x-scope-orgid"), get("content-type")), ("1", CONTENT_TYPE));
        assert_eq!(secret.as_deref(), Some("token"));
    }

    /// What would break the request, or another one behind it.
    #[test]
    fn headers_that_cannot_be_sent_are_refused() {
        for (name, value) in [("Content-Length", "0"), ("x", "a\r\nb: c"), ("x", "\0")] {
            let error = headers(&[(name, value)]).build("a", None).unwrap_err();
            assert!(error.to_string().contains(&name.to_lowercase()), "{error}");
        }
        for name in ["", "a b", "a:", "ä"] {
            let error = headers(&[(name, "x")]).build("a", None).unwrap_err();
            assert!(matches!(error, PushGatewayError::InvalidHeaderName), "{error}");
        }
    }

    /// Not even where name and value were mixed up.
    #[test]
    fn values_are_not_shown() {
        let given = headers(&[("x-api-key", "hush"), ("Bearer hush", "authorization")]);
        let error = given.build("a", None).unwrap_err();
        assert!(!format!("{error} {error:?} {given:?}").contains("hush"));
        let given = headers(&[("x-api-key", "hush")]);
        assert!(!format!("{:?}", given.build("a", None).unwrap().0).contains("hush"));
    }
}
