//! A URL, taken apart.

use hyper::Uri;

use super::error::Error;

/// Where an exposition is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(super) is_tls: bool,
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Host and port as they were given.
    pub(super) authority: String,
    /// With the query, if there is one.
    pub(super) path: String,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        if url.contains('#') {
            return Err(Error::Url("it has a fragment"));
        }
        let url: Uri = url.parse().map_err(|_| Error::Url("it is malformed"))?;
        let (is_tls, default_port) = match url.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => return Err(Error::Url("its scheme is neither `http` nor `https`")),
        };
        let authority = url.authority().map(hyper::http::uri::Authority::as_str);
        let authority = authority.unwrap_or_default();
        if authority.contains('@') {
            return Err(Error::Url("it has a password, which belongs in `--header`"));
        }
        let host = url.host().unwrap_or_default();
        // A port that is out of range counts as none there.
        let port = match authority.get(host.len()..) {
            None | Some("" | ":") => default_port,
            Some(_) => url.port_u16().ok_or(Error::Url("its port is no number up to 65535"))?,
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(Error::Url("it has no host"));
        }
        let path = url.path_and_query().map_or("/", hyper::http::uri::PathAndQuery::as_str);
        let path = if path == "/" { "/metrics" } else { path };
        let (host, authority) = (host.to_owned(), authority.to_owned());
        Ok(Self { is_tls, host, port, authority, path: path.to_owned() })
    }

    /// Host and port, to be read.
    pub(super) fn address(&self) -> String {
        let brackets = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        format!("{}{}{}:{}", brackets.0, self.host, brackets.1, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scheme decides on the port, and a URL without a path is about the usual one.
    #[test]
    fn a_url_is_taken_apart() {
        for (url, address, path) in [
            ("http://127.0.0.1:8000/metrics", "127.0.0.1:8000", "/metrics"),
            ("http://service", "service:80", "/metrics"),
            ("http://service/", "service:80", "/metrics"),
            ("https://service/a?b=c", "service:443", "/a?b=c"),
            ("HTTPS://service:/a/", "service:443", "/a/"),
            ("http://[::1]:9000/a", "[::1]:9000", "/a"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((&*target.address(), &*target.path), (address, path), "{url}");
            assert_eq!(target.is_tls, url.to_lowercase().starts_with("https"));
        }
    }

    /// And not shown, since it may hold a password.
    #[test]
    fn what_is_no_url_is_refused() {
        for (url, reason) in [
            ("http://", "malformed"),
            ("http://:80/", "no host"),
            ("http://a b/", "malformed"),
            ("http://service:99999/", "port"),
            ("ftp://service/", "scheme"),
            ("http://service/#a", "fragment"),
            ("http://me:hush@service/", "--header"),
        ] {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("hush"), "{url}: {error}");
        }
    }
}
