//! Bearer tokens.

use std::fmt;

use subtle::{Choice, ConstantTimeEq as _};

use crate::error::ExporterError;

/// The tokens of which one is asked from whoever scrapes; none if there are none.
#[derive(Clone, Default)]
pub(crate) struct Tokens {
    tokens: Vec<String>,
}

impl Tokens {
    pub(crate) fn push(&mut self, token: String) {
        self.tokens.push(token);
    }

    /// Checks that a header can carry each of them.
    pub(crate) fn validate(&self) -> Result<(), ExporterError> {
        let is_valid =
            |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if self.tokens.iter().all(is_valid) { Ok(()) } else { Err(ExporterError::InvalidToken) }
    }

    /// Whether `authorization`, the value of the header, carries one of them.
    ///
    /// How long this takes tells nothing but the length of the tokens.
    pub(crate) fn allow(&self, authorization: Option<&[u8]>) -> bool {
        if self.tokens.is_empty() {
            return true;
        }
        let Some(given) = authorization.and_then(bearer) else { return false };
        let equal = self.tokens.iter().map(|token| token.as_bytes().ct_eq(given));
        equal.fold(Choice::from(0), |any, equal| any | equal).into()
    }
}

/// The credentials of the scheme `Bearer`, whose name has no case.
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secret", self.tokens.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(tokens: &[&str]) -> Tokens {
        Tokens { tokens: tokens.iter().map(|&token| token.to_owned()).collect() }
    }

    /// One of the tokens, whole, under the right scheme.
    #[test]
    fn only_a_token_that_is_known_is_allowed() {
        let tokens = tokens(&["old-secret", "new"]);
        for allowed in ["Bearer new", "bearer new", "BEARER  old-secret ", "Bearer old-secret"] {
            assert!(tokens.allow(Some(allowed.as_bytes())), "{allowed}");
        }
        for refused in ["", "Bearer", "Bearer ", "Bearer ne", "Bearer new1", "Basic new", "new"] {
            assert!(!tokens.allow(Some(refused.as_bytes())), "{refused}");
        }
        assert!(!tokens.allow(None));
    }

    /// Whoever sets no token asks for none.
    #[test]
    fn without_tokens_everybody_is_allowed() {
        assert!(Tokens::default().allow(None));
    }

    /// A token from an empty variable would let in nobody, or everybody.
    #[test]
    fn a_token_that_no_header_can_carry_is_refused() {
        for invalid in ["", " ", "two words", "line\n", "ä"] {
            assert!(tokens(&["fine", invalid]).validate().is_err(), "{invalid:?}");
        }
        assert!(tokens(&["fine", "a.b-c_d~e+f/g="]).validate().is_ok());
    }

    /// A log must not tell.
    #[test]
    fn the_tokens_are_not_debugged() {
        assert_eq!(format!("{:?}", tokens(&["hush"])), "1 secret");
    }
}
