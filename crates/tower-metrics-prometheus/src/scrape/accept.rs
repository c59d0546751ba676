//! What a scraper says about encodings.

use crate::worker::Encoding;

/// What the `Accept-Encoding` headers of a request say, by [RFC 9110].
///
/// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AcceptEncoding {
    gzip: Option<f32>,
    identity: Option<f32>,
    others: Option<f32>,
}

impl AcceptEncoding {
    /// Takes the value of one header.
    pub(super) fn add(&mut self, value: &[u8]) {
        let value = str::from_utf8(value).unwrap_or_default();
        for element in value.split(',') {
            let (coding, parameters) = element.split_once(';').unwrap_or((element, ""));
            let weight = match coding.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => &mut self.gzip,
                "identity" => &mut self.identity,
                "*" => &mut self.others,
                _ => continue,
            };
            *weight = Some(quality(parameters));
        }
    }

    /// Gzip, where it is accepted and nothing else is preferred.
    pub(super) fn choose(self) -> Encoding {
        let gzip = self.gzip.or(self.others).unwrap_or(0.0);
        // What is not mentioned is accepted, and less welcome than anything that is.
        let identity = self.identity.unwrap_or(0.0);
        if gzip > 0.0 && gzip >= identity { Encoding::Gzip } else { Encoding::Identity }
    }
}

/// The weight among the parameters of an element; 0 if it is none.
fn quality(parameters: &str) -> f32 {
    let mut weights = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse().unwrap_or(0.0))
    });
    weights.next().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header in the ways in which clients and proxies write it.
    #[test]
    fn gzip_is_chosen_where_it_is_accepted_and_preferred() {
        let choose = |values: &[&str]| {
            let mut accepted = AcceptEncoding::default();
            for value in values {
                accepted.add(value.as_bytes());
            }
            accepted.choose()
        };
        for values in [
            &["gzip"][..],
            &["GZIP"],
            &["x-gzip"],
            &["deflate, gzip;q=1.0, *;q=0.5"],
            &["gzip;q=0.001"],
            &["br;q=1.0,gzip ; Q=0.8"],
            &["*"],
            &["*;q=0.1"],
            &["identity;q=0.5, gzip;q=0.5"],
            &["identity;q=0, *"],
            &["br", "gzip"],
        ] {
            assert_eq!(choose(values), Encoding::Gzip, "{values:?}");
        }
        for values in [
            &[][..],
            &[""],
            &["identity"],
            &["br, deflate"],
            &["gzip;q=0"],
            &["gzip;q=0.000"],
            &["gzip;q=0, *;q=1"],
            &["identity, gzip;q=0.5"],
            &["identity;q=0.5, *;q=0.1"],
            &["*;q=0"],
            &["gzip;q=much"],
            &["gzip;q=NaN"],
            &["xgzip"],
        ] {
            assert_eq!(choose(values), Encoding::Identity, "{values:?}");
        }
    }
}
