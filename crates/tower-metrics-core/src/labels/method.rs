//! The `method` label.

use std::sync::Arc;

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
    const ALL: [Self; 11] = [
        Self::Get,
        Self::Post,
        Self::Put,
        Self::Delete,
        Self::Patch,
        Self::Head,
        Self::Options,
        Self::Connect,
        Self::Trace,
        Self::Query,
        Self::Other,
    ];

    /// Whether HTTP sends a body with a response of this status ([RFC 9110, section 6.4.1]);
    /// servers never take the one that is there all the same.
    ///
    /// [RFC 9110, section 6.4.1]: https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1
    #[inline]
    pub fn sends_body(self, status: u16) -> bool {
        match self {
            Self::Head => false,
            Self::Connect if (200..300).contains(&status) => false,
            _ => !matches!(status, 100..200 | 204 | 304),
        }
    }

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
    #[inline]
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

/// The methods that are told apart; all others are `_OTHER`.
#[derive(Clone, Debug, Default)]
pub(crate) enum MethodNames {
    /// Those of [`Method`].
    #[default]
    Standard,
    /// A list in their place.
    Listed(Arc<[Box<str>]>),
}

/// A method as one of [`MethodNames`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MethodLabel(u16);

impl MethodLabel {
    #[inline]
    pub(crate) fn number(self) -> usize {
        self.0.into()
    }
}

impl MethodNames {
    /// A list as OpenTelemetry's environment override has it: comma-separated, case-sensitive.
    pub(crate) fn listed(names: &str) -> Self {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        Self::Listed(names.take(usize::from(u16::MAX)).map(Box::from).collect())
    }

    #[inline]
    pub(crate) fn label<'a>(&self, method: Method, name: impl FnOnce() -> &'a str) -> MethodLabel {
        match self {
            Self::Standard => MethodLabel(method as u16),
            Self::Listed(names) => Self::listed_label(names, name()),
        }
    }

    #[cold]
    fn listed_label(names: &[Box<str>], name: &str) -> MethodLabel {
        let index = names.iter().position(|listed| **listed == *name);
        MethodLabel(index.and_then(|index| u16::try_from(index).ok()).unwrap_or(u16::MAX))
    }

    pub(crate) fn name(&self, MethodLabel(index): MethodLabel) -> &str {
        let index = usize::from(index);
        match self {
            Self::Standard => Method::ALL.get(index).copied().unwrap_or(Method::Other).as_str(),
            Self::Listed(names) => names.get(index).map_or(Method::Other.as_str(), AsRef::as_ref),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known methods keep their name; whatever else a client sends is one value.
    #[test]
    fn unknown_methods_share_one_value() {
        for known in Method::ALL.into_iter().filter(|method| *method != Method::Other) {
            assert_eq!(Method::from(known.as_str()), known);
            let names = MethodNames::Standard;
            assert_eq!(names.name(names.label(known, || known.as_str())), known.as_str());
        }
        for unknown in ["", "get", "BREW", "GET ", "_OTHER"] {
            assert_eq!(Method::from(unknown), Method::Other);
        }
    }

    /// A list replaces the standard methods, those of its own included and all others left out.
    #[test]
    fn a_list_replaces_the_standard_methods() {
        let names = MethodNames::listed("GET, PROPFIND,,");
        let label = |name| names.name(names.label(Method::from(name), || name));
        assert_eq!(label("GET"), "GET");
        assert_eq!(label("PROPFIND"), "PROPFIND");
        assert_eq!(label("POST"), "_OTHER");
        assert_eq!(label("propfind"), "_OTHER");
    }
}
