//! Pushes to a gateway that speaks TLS.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod support;

use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};
use tower_metrics_push::{PushError, PushGateway, PushGatewayError};
use tower_metrics_tests::scripted_gateway::{Request, read};

use self::support::{exporter, text};

/// An authority that signs certificates, and is trusted by nobody yet.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// In PEM.
    pem: String,
}

impl Authority {
    fn new() -> Self {
        Self::named("an authority")
    }

    fn named(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = pem(params.self_signed(&key).unwrap().der());
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A server with a certificate for this name.
    fn server(&self, name: &str) -> Server {
        self.server_with(&CertificateParams::new([name.to_owned()]).unwrap())
    }

    fn server_with(&self, params: &CertificateParams) -> Server {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        Server::start(Arc::new(config))
    }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).map(|i| &text[i..text.len().min(i + 64)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// A gateway that takes everything that is pushed to it over TLS.
struct Server {
    address: SocketAddr,
    requests: Receiver<Request>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(config: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (arrived, requests) = mpsc::channel();
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.try_recv() == Err(mpsc::TryRecvError::Disconnected) {
                    break;
                }
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                // It fails where the client does not trust it.
                if let Ok(request) = read(&mut stream) {
                    arrived.send(request).unwrap();
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        Self { address, requests, stop: Some(stop), thread: Some(thread) }
    }

    /// This server, under that name.
    fn gateway(&self, host: &str) -> PushGateway {
        let url = format!("https://{host}:{}", self.address.port());
        PushGateway::new(&url).unwrap().with_job("nightly").without_retries()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
    }
}

fn push(gateway: PushGateway) -> Result<(), PushError> {
    gateway.build().unwrap().push_blocking(&exporter(5))
}

/// The whole chain of what can be wrong, as it would be printed.
fn reasons(error: &PushError) -> String {
    assert!(error.is_tls() && !error.is_transient(), "{error:?}");
    format!("{error}: {}", error.source().unwrap())
}

/// No provider is installed in this process, by anybody.
#[test]
fn a_push_over_tls_arrives() {
    let authority = Authority::new();
    for host in ["127.0.0.1", "localhost"] {
        let server = authority.server(host);
        let gateway = server.gateway(host).with_root_certificates(authority.pem.as_str());
        push(gateway.clone()).unwrap();
        push(gateway.without_system_roots().with_bearer_token("token")).unwrap();
        assert_eq!(server.requests.recv().unwrap().body, text(5));
        let request = server.requests.recv().unwrap();
        assert_eq!(request.header("authorization"), Some("Bearer token"));
    }
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

/// And nothing of the request, credentials least of all, was sent.
#[test]
fn a_certificate_that_is_not_trusted_is_an_error() {
    let (authority, other) = (Authority::new(), Authority::named("another"));
    let server = authority.server("127.0.0.1");
    let gateway = || server.gateway("127.0.0.1").with_basic_auth("me", "hush");
    let trusting = gateway().with_root_certificates(other.pem.as_str());
    for gateway in [trusting.clone(), trusting.clone().without_system_roots()] {
        let error = push(gateway).unwrap_err();
        assert!(reasons(&error).contains("UnknownIssuer"), "{error:?}");
        assert!(error.to_string().contains(&server.address.to_string()), "{error}");
    }
    // Either root is enough.
    push(trusting.with_root_certificates(authority.pem.as_str())).unwrap();
    assert_eq!(server.requests.try_iter().count(), 1);
}

/// A certificate of somebody else, and one of another time.
#[test]
fn a_certificate_that_is_not_valid_is_an_error() {
    let authority = Authority::new();
    let elsewhere = authority.server("gateway.example");
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2020, 1, 1);
    let expired = authority.server_with(&params);
    for (server, reason) in [(elsewhere, "not valid for name"), (expired, "expired")] {
        let gateway = server.gateway("127.0.0.1").with_root_certificates(authority.pem.as_str());
        let error = push(gateway).unwrap_err();
        assert!(reasons(&error).contains(reason), "{error:?}");
        assert_eq!(server.requests.try_iter().count(), 0);
    }
}

/// A wrong scheme, either way round.
#[test]
fn tls_and_none_do_not_mix() {
    let authority = Authority::new();
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", plain.local_addr().unwrap());
    let answer = thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        // As servers do that wait for no more of what is no HTTP.
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let gateway = PushGateway::new(&url).unwrap().with_job("a").without_retries();
    let gateway = gateway.with_root_certificates(authority.pem.as_str());
    let error = gateway.build().unwrap().delete_blocking().unwrap_err();
    assert!(reasons(&error).contains("corrupt"), "{error:?}");
    answer.join().unwrap();

    let server = authority.server("127.0.0.1");
    let url = format!("http://{}", server.address);
    let gateway = PushGateway::new(&url).unwrap().with_job("a").without_retries();
    let error = push(gateway).unwrap_err();
    assert!(matches!(error, PushError::Interrupted { .. }), "{error:?}");
}

/// It is as transient as any other, and no fault of a certificate.
#[test]
fn a_connection_that_is_lost_in_the_handshake_is_no_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0]).unwrap();
    });
    let gateway = PushGateway::new(&url).unwrap().with_job("a").without_retries();
    let gateway = gateway.with_root_certificates(Authority::new().pem.as_str());
    let error = push(gateway).unwrap_err();
    assert!(error.is_connect() && error.is_transient(), "{error:?}");
    server.join().unwrap();
}

/// A file that is something else, or broken, is noticed before the job runs, also without TLS.
#[test]
fn what_is_no_certificate_is_refused() {
    let authority = Authority::new();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let both = format!("{}{broken}", authority.pem);
    for pem in ["", "hush", broken, &both, "-----BEGIN CERTIFICATE-----\n"] {
        for url in ["https://gateway", "http://gateway"] {
            let gateway = PushGateway::new(url).unwrap().with_job("a").with_root_certificates(pem);
            let error = gateway.build().unwrap_err();
            assert!(matches!(error, PushGatewayError::InvalidCertificate { .. }), "{pem}: {error}");
            assert!(!format!("{error:?} {}", error.source().unwrap()).contains("hush"));
        }
    }
    let trusting_nobody = PushGateway::new("https://gateway").unwrap().with_job("a");
    let error = trusting_nobody.without_system_roots().build().unwrap_err();
    assert!(matches!(error, PushGatewayError::NoRootCertificate));
}
