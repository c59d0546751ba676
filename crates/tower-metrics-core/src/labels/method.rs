//! The `method` label.

/// An HTTP method as a label value: the eight of [RFC 9110], `PATCH` ([RFC 5789]), `QUERY`, or
/// [`Other`](Self::Other), so that a client cannot invent values.
///
/// ```
/// use tower_metrics_core::labels::Method;
///
/// assert_eq!(Method::from("GET").as_str(), "GET");
/// assert_eq!(Method::from("get").as_str(), "_OTHER"); // methods are case-sensitive
/// ```
///
/// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#section-9
/// [RFC 5789]: https://www.rfc-editor.org/rfc/rfc5789
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the variants are the methods' own names")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
    Patch,
    Head,
    Options,
    Connect,
    Trace,
    Query,
    /// Every other method, rendered `_OTHER` as in OpenTelemetry's HTTP conventions.
    Other,
}

impl Method {
    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Connect => "CONNECT",
            Self::Trace => "TRACE",
            Self::Query => "QUERY",
            Self::Other => "_OTHER",
        }
    }
}

impl From<&str> for Method {
    fn from(method: &str) -> Self {
        match method {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            "PATCH" => Self::Patch,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            "CONNECT" => Self::Connect,
            "TRACE" => Self::Trace,
            "QUERY" => Self::Query,
            _ => Self::Other,
        }
    }
}

impl From<&http::Method> for Method {
    fn from(method: &http::Method) -> Self {
        Self::from(method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known methods keep their name; whatever else a client sends is one value.
    #[test]
    fn unknown_methods_share_one_value() {
        for known in [
            "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY",
        ] {
            assert_eq!(Method::from(known).as_str(), known);
        }
        for unknown in ["", "get", "BREW", "GET ", "_OTHER"] {
            assert_eq!(Method::from(unknown), Method::Other);
        }
    }
}
