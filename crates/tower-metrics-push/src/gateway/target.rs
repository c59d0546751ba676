//! The URL of a gateway, taken apart.

use std::fmt;

use http::Uri;
use percent_encoding::percent_decode_str;

use super::credentials::Credentials;
use crate::error::PushGatewayError;

/// Where a gateway is.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) is_tls: bool,
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Host and port as they were given, without credentials.
    pub(crate) authority: String,
    /// What comes before `/metrics`, without a slash at its end.
    pub(crate) path: String,
}

impl Target {
    /// Takes a URL apart: where to, and as whom, if it says so.
    pub(super) fn parse(url: &str) -> Result<(Self, Option<Credentials>), PushGatewayError> {
        let error = PushGatewayError::url;
        if url.contains('#') {
            return Err(error("it has a fragment"));
        }
        // As other clients of the gateway do.
        let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let url: Uri = full.parse().map_err(|_| error("it is malformed"))?;
        if url.query().is_some() {
            return Err(error("it has a query"));
        }
        let is_tls = match url.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(error("its scheme is neither `http` nor `https`")),
        };
        let whole = url.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let (user_info, authority) = match whole.rsplit_once('@') {
            Some((user_info, authority)) => (Some(user_info), authority),
            None => (None, whole),
        };
        let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(error("it has no host"));
        }
        // A port that is out of range counts as none there.
        let port = match authority.get(url.host().map_or(0, str::len)..) {
            None | Some("" | ":") => {
                if is_tls {
                    443
                } else {
                    80
                }
            }
            Some(_) => url.port_u16().ok_or_else(|| error("its port is no number up to 65535"))?,
        };
        let target = Self {
            is_tls,
            host: host.to_owned(),
            port,
            authority: authority.to_owned(),
            path: url.path().trim_end_matches('/').to_owned(),
        };
        Ok((target, user_info.map(credentials)))
    }

    /// Host and port, to be read.
    pub(crate) fn address(&self) -> String {
        let brackets = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        format!("{}{}{}:{}", brackets.0, self.host, brackets.1, self.port)
    }
}

fn credentials(user_info: &str) -> Credentials {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Credentials::Basic { user: decoded(user), password: decoded(password) }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Target {
        Target::parse(url).unwrap().0
    }

    /// The scheme decides on the port, unless there is one.
    #[test]
    fn a_url_is_taken_apart() {
        let cases = [
            ("http://gateway", "gateway", 80, ""),
            ("https://gateway/", "gateway", 443, ""),
            ("http://gateway:9091", "gateway", 9091, ""),
            ("HTTPS://gateway:/a/b/", "gateway", 443, "/a/b"),
            ("http://[::1]:9091/push", "::1", 9091, "/push"),
            ("http://[::1]", "::1", 80, ""),
            ("http://user:p%40ss@gateway:9091", "gateway", 9091, ""),
        ];
        for (url, host, port, path) in cases {
            let target = parse(url);
            assert_eq!((&*target.host, target.port, &*target.path), (host, port, path), "{url}");
            assert_eq!(target.is_tls, url.to_lowercase().starts_with("https"));
        }
        assert_eq!(parse("http://[::1]:1").address(), "[::1]:1");
    }

    /// What the guide writes, and what other clients accept.
    #[test]
    fn without_a_scheme_it_is_http() {
        for url in ["pushgateway:9091", "localhost:9091", "127.0.0.1:9091/", "[::1]:9091"] {
            let target = parse(url);
            assert_eq!((target.is_tls, target.port), (false, 9091), "{url}");
        }
        assert_eq!(parse("pushgateway").port, 80);
    }

    /// At once, and not at the end of a job that ran for hours.
    #[test]
    fn what_is_no_url_is_refused() {
        let cases = [
            ("", "malformed"),
            ("http://", "malformed"),
            ("http://:9091", "no host"),
            ("http://a b", "malformed"),
            ("http://gateway:port", "port"),
            ("http://gateway:99999", "port"),
            ("ftp://gateway", "scheme"),
            ("http://gateway/?job=x", "query"),
            ("http://gateway/#x", "fragment"),
            ("http://ä", "malformed"),
            ("/metrics", "malformed"),
        ];
        for (url, reason) in cases {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains(reason), "{url}: {error}");
        }
    }

    /// Neither in a description nor in an error.
    #[test]
    fn credentials_of_a_url_are_not_shown() {
        let (target, credentials) = Target::parse("http://me:hush@gateway:1").unwrap();
        assert_eq!(format!("{target:?}"), "http://gateway:1");
        assert!(!format!("{credentials:?}").contains("hush"));
        for url in ["http://me:hush@", "http://me:hush@gateway:99999", "http://me:hu sh@gateway"] {
            let error = Target::parse(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hu"), "{error:?}");
        }
    }
}
