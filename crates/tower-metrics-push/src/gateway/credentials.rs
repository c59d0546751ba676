//! As whom the gateway is spoken to.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use crate::error::PushGatewayError;

/// What goes into the header `Authorization`.
#[derive(Clone)]
pub(super) enum Credentials {
    Basic { user: String, password: String },
    Bearer(String),
}

impl Credentials {
    /// The header, and what of it is secret.
    pub(super) fn header(&self) -> Result<(HeaderValue, String), PushGatewayError> {
        let error = PushGatewayError::credentials;
        let (scheme, secret) = match self {
            Self::Basic { user, .. } if user.contains(':') => {
                return Err(error("a user name has no colon"));
            }
            Self::Basic { user, password } => {
                ("Basic", STANDARD.encode(format!("{user}:{password}")))
            }
            Self::Bearer(token) => ("Bearer", token.clone()),
        };
        let is_visible = !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_graphic());
        let value = HeaderValue::try_from(format!("{scheme} {secret}")).ok().filter(|_| is_visible);
        let mut value = value.ok_or_else(|| error("a token has visible ASCII characters only"))?;
        value.set_sensitive(true);
        Ok((value, secret))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(user: &str, password: &str) -> Credentials {
        Credentials::Basic { user: user.to_owned(), password: password.to_owned() }
    }

    /// RFC 7617's own example, and passwords that are no ASCII.
    #[test]
    fn basic_credentials_are_encoded() {
        let (value, _) = basic("Aladdin", "open sesame").header().unwrap();
        assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("test", "123£").header().unwrap().0, "Basic dGVzdDoxMjPCow==");
        assert_eq!(basic("", "").header().unwrap().0, "Basic Og==");
    }

    /// The other side would split at the first colon.
    #[test]
    fn a_user_name_with_a_colon_is_refused() {
        assert!(basic("a:b", "c").header().is_err());
        assert!(basic("a", "b:c").header().is_ok());
    }

    /// A token from an empty variable, or with the line end of its file.
    #[test]
    fn a_token_that_no_header_can_carry_is_refused() {
        for invalid in ["", " ", "two words", "line\n", "ä"] {
            assert!(Credentials::Bearer(invalid.to_owned()).header().is_err(), "{invalid:?}");
        }
        let (value, secret) = Credentials::Bearer("a.b-c".to_owned()).header().unwrap();
        assert_eq!((value.to_str().unwrap(), &*secret), ("Bearer a.b-c", "a.b-c"));
    }

    /// A log must not tell.
    #[test]
    fn credentials_are_not_debugged() {
        let (value, _) = basic("me", "hush").header().unwrap();
        let debugged =
            format!("{:?} {:?} {value:?}", basic("me", "hush"), Credentials::Bearer("hush".into()));
        assert_eq!(debugged, "Basic Bearer Sensitive");
    }
}
