//! What a value looks like.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A kind of value of which there is no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Uuid,
    Id,
    Hash,
    Number,
    Time,
    Email,
    Address,
    Path,
    Text,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uuid => "a UUID",
            Self::Id => "an id",
            Self::Hash => "a hash",
            Self::Number => "a long number",
            Self::Time => "a time",
            Self::Email => "an e-mail address",
            Self::Address => "an IP address",
            Self::Path => "a raw path",
            Self::Text => "a long text",
        })
    }
}

impl Shape {
    /// The shape of a value, if it has one of them.
    pub(super) fn of(value: &str) -> Option<Self> {
        if let Some(path) = path(value) {
            return is_raw(path).then_some(Self::Path);
        }
        if value.parse::<IpAddr>().is_ok() || value.parse::<SocketAddr>().is_ok() {
            Some(Self::Address)
        } else if is_email(value) {
            Some(Self::Email)
        } else if is_time(value) {
            Some(Self::Time)
        } else if value.len() > 80 && value.contains(' ') {
            Some(Self::Text)
        } else {
            Self::of_id(value)
        }
    }

    /// The shape of what may also be a segment of a path.
    fn of_id(value: &str) -> Option<Self> {
        if has_uuid(value) {
            Some(Self::Uuid)
        } else if is_all(value, u8::is_ascii_digit) {
            (value.len() >= 6).then_some(Self::Number)
        } else if value.len() >= 16 && is_all(value, u8::is_ascii_hexdigit) {
            Some(Self::Hash)
        } else {
            is_id(value).then_some(Self::Id)
        }
    }
}

fn is_all(text: &str, is: impl Fn(&u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|byte| is(&byte))
}

/// The path of a URL, or the path that this is.
fn path(value: &str) -> Option<&str> {
    let Some((_, url)) = value.split_once("://") else {
        return value.starts_with('/').then_some(value);
    };
    Some(url.find('/').and_then(|start| url.get(start..)).unwrap_or_default())
}

/// Whether it has what a template has not: a query, or a segment that is a number or an id.
fn is_raw(path: &str) -> bool {
    path.contains(['?', '%'])
        || path.split('/').any(|segment| {
            is_all(segment, u8::is_ascii_digit)
                || is_email(segment)
                || Shape::of_id(segment).is_some()
        })
}

fn has_uuid(value: &str) -> bool {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    value.as_bytes().windows(36).any(|window| {
        window.iter().enumerate().all(|(position, byte)| {
            if DASHES.contains(&position) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
        })
    })
}

/// `req-a3f92b1c`, or 26 characters as ULIDs have them.
fn is_id(value: &str) -> bool {
    let is_ulid = value.len() == 26
        && value.starts_with(|c: char| c.is_ascii_digit())
        && is_all(value, |byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    let is_prefixed = value.rsplit_once(['-', '_']).is_some_and(|(prefix, id)| {
        id.len() >= 8
            && is_all(prefix, u8::is_ascii_alphabetic)
            && is_all(id, u8::is_ascii_hexdigit)
            && id.contains(|c: char| c.is_ascii_digit())
    });
    is_ulid || is_prefixed
}

fn is_email(value: &str) -> bool {
    value.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty()
            && !value.contains([' ', '/'])
            && !host.contains('@')
            && host.trim_matches('.').contains('.')
    })
}

/// `2026-01-31`, also with a time behind it, or seconds or milliseconds since 1970.
fn is_time(value: &str) -> bool {
    let is_unix = matches!(value.len(), 10 | 13)
        && value.starts_with(['1', '2'])
        && is_all(value, u8::is_ascii_digit);
    let date = value.as_bytes().get(..10).is_some_and(|date| {
        date.iter().enumerate().all(|(position, byte)| {
            if matches!(position, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() }
        })
    });
    is_unix
        || (date
            && value
                .get(10..)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['T', 't', ' '])))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client, a clock or a database makes up.
    #[test]
    fn endless_values_have_a_shape() {
        for (value, shape) in [
            ("3b5a1c2e-0d5f-4b57-9a2e-7d2f5b1c9a10", Shape::Uuid),
            ("req-3b5a1c2e-0d5f-4b57-9a2e-7d2f5b1c9a10", Shape::Uuid),
            ("req-a3f92b1c", Shape::Id),
            ("01ARZ3NDEKTSV4RRFFQ69G5FAV", Shape::Id),
            ("0123456789abcdef", Shape::Hash),
            ("4711471", Shape::Number),
            ("1700000000", Shape::Time),
            ("1700000000000", Shape::Time),
            ("2026-01-31", Shape::Time),
            ("2026-01-31T12:00:00Z", Shape::Time),
            ("a@example.com", Shape::Email),
            ("192.0.2.1", Shape::Address),
            ("192.0.2.1:51234", Shape::Address),
            ("2001:db8::1", Shape::Address),
            ("/users/7", Shape::Path),
            ("/users/a@example.com", Shape::Path),
            ("/predict?id=1", Shape::Path),
            ("/predict/a%20b", Shape::Path),
            ("/jobs/3b5a1c2e-0d5f-4b57-9a2e-7d2f5b1c9a10/log", Shape::Path),
            ("https://example.com/users/7", Shape::Path),
            (&"a word ".repeat(12), Shape::Text),
        ] {
            assert_eq!(Shape::of(value), Some(shape), "{value}");
        }
    }

    /// What a developer made up.
    #[test]
    fn chosen_values_have_none() {
        for value in [
            "",
            "success",
            "200",
            "2xx",
            "8080",
            "GET",
            "_OTHER",
            "resnet50",
            "bert-base",
            "gpt-4o-2024-05-13",
            "meta-llama/Llama-3.1-8B-Instruct",
            "out_of_memory",
            "1.2.3",
            "0.95",
            "/",
            "/predict/{model_name}",
            "/users/:id",
            "/v1/chat/completions",
            "https://example.com",
            "us-east-1",
            "grpc.health.v1.Health",
            "a@b",
            "Grüße, Welt",
            "feedface",
            "well-decade",
        ] {
            assert_eq!(Shape::of(value), None, "{value}");
        }
    }
}
