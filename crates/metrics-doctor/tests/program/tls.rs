//! A server that speaks TLS, under an authority of its own.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};

use crate::server::{Server, Step, answer};
use crate::{GOOD, command, file, outcome};

/// Only the system's roots are trusted, or those that the environment names instead.
#[test]
fn a_certificate_is_trusted_if_the_system_does() {
    let (config, authority) = certified("127.0.0.1");
    let (_, other) = certified("127.0.0.1");
    for (roots, name, code) in [(&authority, "trusted.pem", 0), (&other, "other.pem", 2)] {
        let config = Arc::clone(&config);
        let server = Server::start_over(vec![Step::Answer(answer(GOOD))], move |stream| {
            StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream)
        });
        let url = server.url("/metrics").replace("http:", "https:");
        let roots = file(name, roots);
        let output = command(&[&url]).env("SSL_CERT_FILE", roots).output().unwrap();
        let (actual, out, err) = outcome(&output);
        assert_eq!(actual, Some(code), "{out}{err}");
        let said =
            format!("metrics-doctor: no TLS with {}: invalid peer certificate", server.address());
        assert_eq!(err.starts_with(&said), code == 2, "{err}");
    }
}

/// A server's side of TLS, and in PEM the authority that signed it.
fn certified(name: &str) -> (Arc<ServerConfig>, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "an authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = STANDARD.encode(params.self_signed(&key).unwrap().der());
    let issuer = Issuer::new(params, key);

    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{authority}\n-----END CERTIFICATE-----\n");
    (Arc::new(config), pem)
}
