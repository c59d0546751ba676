//! Describes a gateway.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};
use rustls::ClientConfig;

use super::credentials::Credentials;
use super::grouping::Grouping;
use super::headers::Headers;
use super::target::Target;
use super::tls::Roots;
use crate::error::PushGatewayError;
use crate::pusher::Pusher;
use crate::retry::Retries;

/// Describes a Pushgateway, and the job that pushes to it.
///
/// See the [crate docs](crate).
#[derive(Clone, Debug)]
#[must_use = "a gateway does nothing until it is built"]
pub struct PushGateway {
    target: Target,
    job: String,
    grouping: Grouping,
    credentials: Option<Credentials>,
    headers: Headers,
    roots: Roots,
    retries: Retries,
}

/// A gateway whose description holds.
pub(crate) struct Gateway {
    pub(crate) target: Target,
    /// The path of the group.
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// What of the headers no error may show.
    pub(crate) secret: Option<String>,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) retries: Retries,
}

impl PushGateway {
    /// Describes the gateway at this URL: `http://host:9091`, `https://`, with a path if it has a
    /// prefix, and with `user:password@` in place of [`with_basic_auth`](Self::with_basic_auth).
    /// Without a scheme it is `http`.
    ///
    /// # Errors
    ///
    /// [`PushGatewayError::InvalidUrl`] if it is none.
    pub fn new(url: &str) -> Result<Self, PushGatewayError> {
        let (target, credentials) = Target::parse(url)?;
        Ok(Self {
            target,
            job: String::new(),
            grouping: Grouping::default(),
            credentials,
            headers: Headers::default(),
            roots: Roots { has_system: true, added: Vec::new() },
            retries: Retries::default(),
        })
    }

    /// Sets the job under which the gateway keeps what is pushed. Any characters are allowed.
    /// Has no default.
    pub fn with_job(mut self, job: impl Into<String>) -> Self {
        self.job = job.into();
        self
    }

    /// The job that was set, empty if none was.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Adds a label to the grouping key: jobs that differ in it do not replace each other's
    /// metrics. Any characters are allowed in the value, and none is needed. A metric's own label
    /// of this name, or `job`, is overwritten by the gateway. Defaults to none.
    pub fn with_grouping(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.grouping.set(name.into(), value.into());
        self
    }

    /// Sets a user name and a password. Defaults to those of the URL.
    pub fn with_basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        let (user, password) = (user.into(), password.into());
        self.credentials = Some(Credentials::Basic { user, password });
        self
    }

    /// Sets a token, sent as `Authorization: Bearer`. Defaults to none.
    pub fn with_bearer_token(mut self, token: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::Bearer(token.into()));
        self
    }

    /// Adds a header to every push, in place of one that it would have. Defaults to none.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name.into(), value.into());
        self
    }

    /// Trusts these root certificates, in PEM, besides those of the system. Defaults to none.
    pub fn with_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.added.push(pem.into());
        self
    }

    /// Trusts no certificate but those that were added. Defaults to trusting the system's too: its
    /// store, or what the environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    pub fn without_system_roots(mut self) -> Self {
        self.roots.has_system = false;
        self
    }

    /// Sets how long one attempt takes, from the connection to the answer. Defaults to 10 seconds.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.retries.timeout = timeout;
        self
    }

    /// Sets how long a push takes with all its attempts, the pauses between them, and the
    /// rendering. Defaults to 30 seconds.
    pub fn with_total_timeout(mut self, timeout: Duration) -> Self {
        self.retries.total = timeout;
        self
    }

    /// Sets how often a push is tried again after a failure that may pass: a lost connection, a
    /// timeout, an answer of 500 or above. Defaults to 4 times.
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.retries.max = retries;
        self
    }

    /// Tries each push once. Defaults to trying again.
    pub fn without_retries(self) -> Self {
        self.with_retries(0)
    }

    /// Sets the pause after a first failure, which doubles with each further one, and the longest.
    /// The real pause is chosen by chance between that and half of it, so that jobs that failed
    /// together do not come back together. Defaults to 500 milliseconds and 10 seconds.
    pub fn with_backoff(mut self, first: Duration, longest: Duration) -> Self {
        (self.retries.backoff.first, self.retries.backoff.longest) = (first, longest);
        self
    }

    /// Checks everything that was set; after this, only the push itself can fail.
    ///
    /// Reads the system's root certificates if the URL is one of `https`.
    ///
    /// # Errors
    ///
    /// [`PushGatewayError`], which names what is wrong.
    pub fn build(self) -> Result<Pusher, PushGatewayError> {
        if self.job.is_empty() {
            return Err(PushGatewayError::MissingJob);
        }
        self.grouping.validate()?;
        self.roots.validate()?;
        let tls = self.target.is_tls.then(|| self.roots.config()).transpose()?;
        let (headers, secret) =
            self.headers.build(&self.target.authority, self.credentials.as_ref())?;
        let path = format!("{}/metrics{}", self.target.path, self.grouping.path(&self.job));
        let path: PathAndQuery =
            path.parse().map_err(|_| PushGatewayError::url("job and grouping are too long"))?;
        let Self { target, retries, .. } = self;
        let gateway = Gateway { target, uri: path.into(), headers, secret, tls, retries };
        Ok(Pusher::new(gateway))
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("target", &self.target)
            .field("group", &self.uri)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}
