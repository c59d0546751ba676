//! Whom to trust.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::PushGatewayError;

/// The certificates that are trusted.
#[derive(Clone)]
pub(super) struct Roots {
    pub(super) has_system: bool,
    /// As they were given: PEM, each with one certificate or several.
    pub(super) added: Vec<Vec<u8>>,
}

impl Roots {
    /// Sets TLS up, on a provider of its own: none has to be installed.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, PushGatewayError> {
        let mut roots = RootCertStore::empty();
        if self.has_system {
            // What cannot be read of them is missing; it matters only if nothing is left.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        for pem in &self.added {
            add(&mut roots, pem)?;
        }
        if roots.is_empty() {
            return Err(PushGatewayError::NoRootCertificate);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(invalid)?;
        Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    }

    /// Checks what was added, also where nothing uses it.
    pub(super) fn validate(&self) -> Result<(), PushGatewayError> {
        let mut roots = RootCertStore::empty();
        self.added.iter().try_for_each(|pem| add(&mut roots, pem))
    }
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), PushGatewayError> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(invalid)?).map_err(invalid)?;
    }
    if roots.len() == before { Err(invalid("there is no PEM certificate")) } else { Ok(()) }
}

fn invalid(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PushGatewayError {
    PushGatewayError::InvalidCertificate { reason: reason.into() }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = if self.has_system { "system" } else { "no system" };
        write!(f, "{system}, {} added", self.added.len())
    }
}
