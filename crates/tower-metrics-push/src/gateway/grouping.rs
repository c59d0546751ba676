//! The grouping key: under which labels the gateway keeps what is pushed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use crate::error::PushGatewayError;

/// Labels besides the job, each name once, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub(super) struct Grouping {
    labels: Vec<(String, String)>,
}

impl Grouping {
    /// Sets a label; the last value holds.
    pub(super) fn set(&mut self, name: String, value: String) {
        match self.labels.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.labels.push((name, value)),
        }
    }

    /// Checks that the gateway would accept each name.
    pub(super) fn validate(&self) -> Result<(), PushGatewayError> {
        self.labels.iter().try_for_each(|(name, _)| {
            let reason = if name == "job" {
                "the job is set by `with_job`"
            } else if name.starts_with("__") {
                "names that begin with `__` are Prometheus' own"
            } else if !is_label_name(name) {
                "a name has ASCII letters, digits and `_`, and begins with no digit"
            } else {
                return Ok(());
            };
            Err(PushGatewayError::InvalidGrouping { name: name.clone(), reason })
        })
    }

    /// The path of the group: `/job/nightly/shard/3`.
    pub(super) fn path(&self, job: &str) -> String {
        let labels = self.labels.iter().map(|(name, value)| (&**name, &**value));
        let mut path = String::new();
        for (name, value) in std::iter::once(("job", job)).chain(labels) {
            path.push('/');
            path.push_str(name);
            push_value(&mut path, value);
        }
        path
    }
}

fn is_label_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Appends `/value`, or `@base64/…` where a path, or whoever handles it on the way, would change
/// the value.
fn push_value(path: &mut String, value: &str) {
    if is_plain(value) {
        path.push('/');
        path.push_str(value);
        return;
    }
    path.push_str("@base64/");
    if value.is_empty() {
        // No characters would be no segment.
        path.push('=');
    } else {
        URL_SAFE.encode_string(value, path);
    }
}

/// Whether a value means itself in a path. `.` and `..` mean something else.
fn is_plain(value: &str) -> bool {
    let is_unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    !matches!(value, "" | "." | "..") && value.bytes().all(is_unreserved)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn grouping(labels: &[(&str, &str)]) -> Grouping {
        let mut grouping = Grouping::default();
        for (name, value) in labels {
            grouping.set((*name).to_owned(), (*value).to_owned());
        }
        grouping
    }

    /// Reads a path as the gateway's documentation says that it does.
    fn read(path: &str) -> BTreeMap<String, String> {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap().split('/').collect();
        let pairs = segments.chunks(2).map(|pair| match pair[0].strip_suffix("@base64") {
            Some(name) => (name.to_owned(), decoded(pair[1])),
            None => (pair[0].to_owned(), pair[1].to_owned()),
        });
        pairs.collect()
    }

    /// Base64 by its definition, and not by the library that encoded it.
    fn decoded(text: &str) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let digits = text.bytes().filter(|&byte| byte != b'=');
        let bits = digits.flat_map(|byte| {
            let digit = ALPHABET.iter().position(|&known| known == byte).unwrap();
            (0..6).rev().map(move |bit| u8::from(digit >> bit & 1 == 1))
        });
        let bits: Vec<u8> = bits.collect();
        let bytes =
            bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit));
        String::from_utf8(bytes.collect()).unwrap()
    }

    proptest! {
        /// Whatever the values are, a gateway reads what was meant.
        #[test]
        fn any_job_and_any_values_can_be_read_back(
            job in ".+",
            values in prop::collection::vec(any::<String>(), 0..4),
        ) {
            let names: Vec<String> = (0..values.len()).map(|i| format!("label_{i}")).collect();
            let mut grouping = Grouping::default();
            let mut expected = BTreeMap::from([("job".to_owned(), job.clone())]);
            for (name, value) in names.into_iter().zip(values) {
                grouping.set(name.clone(), value.clone());
                expected.insert(name, value);
            }
            let path = grouping.path(&job);
            prop_assert_eq!(read(&path), expected);
            // Nothing in it has another meaning in a URL, is escaped, or is removed on the way.
            let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~@=/".contains(&byte);
            prop_assert!(path.bytes().all(is_safe), "{}", path);
            prop_assert!(!path.split('/').skip(1).any(|part| matches!(part, "" | "." | "..")), "{}", path);
        }
    }

    /// The forms that the gateway documents.
    #[test]
    fn values_that_mean_themselves_are_left_and_others_are_encoded() {
        let labels = [("a", "x-y_z.~0"), ("b", "/var/tmp"), ("c", ""), ("d", ".."), ("e", "a%2Fb")];
        assert_eq!(
            grouping(&labels).path("nightly"),
            "/job/nightly/a/x-y_z.~0/b@base64/L3Zhci90bXA=/c@base64/=/d@base64/Li4=/e@base64/YSUyRmI="
        );
        assert_eq!(grouping(&[]).path("ä b"), "/job@base64/w6QgYg==");
    }

    /// As with every other setter.
    #[test]
    fn a_label_that_is_set_again_has_its_last_value() {
        let labels = [("shard", "1"), ("zone", "a"), ("shard", "2")];
        assert_eq!(grouping(&labels).path("x"), "/job/x/shard/2/zone/a");
    }

    /// The gateway would say so only at the end of the job.
    #[test]
    fn names_that_the_gateway_refuses_are_refused_here() {
        for name in ["", "job", "1a", "a.b", "a-b", "a b", "__name__", "ä", "a/b", "a@base64"] {
            let error = grouping(&[("fine", ""), (name, "x")]).validate().unwrap_err();
            assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        }
        grouping(&[("instance", ""), ("_a", ""), ("A_1", "")]).validate().unwrap();
    }
}
