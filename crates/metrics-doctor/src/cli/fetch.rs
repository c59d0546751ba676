//! One request, and its answer, over a connection of its own.

use std::sync::Arc;
use std::time::Duration;
use std::{error, io};

use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT,
};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::error::Error;
use super::source::LONGEST;
use super::target::Target;

/// What Prometheus would rather have than anything else, less what is not read here.
const WANTED: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";

/// Gets a URL, and returns the declared type and the body of the answer.
pub(super) async fn get(
    target: &Target,
    headers: &HeaderMap,
    timeout: Duration,
) -> Result<(Option<String>, Vec<u8>), Error> {
    // It is dropped with this future, and with it the connection.
    let mut connection = JoinSet::new();
    let exchange = async {
        let mut sender = connect(target, &mut connection).await?;
        let request = request(target, headers)?;
        read(sender.send_request(request).await.map_err(interrupted)?).await
    };
    tokio::time::timeout(timeout, exchange).await.map_err(|_| Error::Timeout(timeout))?
}

fn request(target: &Target, headers: &HeaderMap) -> Result<Request<Empty<Bytes>>, Error> {
    let host = HeaderValue::from_str(&target.authority).map_err(interrupted)?;
    let agent = concat!("metrics-doctor/", env!("CARGO_PKG_VERSION"));
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = target.path.parse().map_err(interrupted)?;
    let all = request.headers_mut();
    all.insert(HOST, host);
    all.insert(ACCEPT, HeaderValue::from_static(WANTED));
    all.insert(USER_AGENT, HeaderValue::from_static(agent));
    // Those that were given win.
    all.extend(headers.clone());
    Ok(request)
}

async fn connect(
    target: &Target,
    connection: &mut JoinSet<()>,
) -> Result<SendRequest<Empty<Bytes>>, Error> {
    let failed = |source| Error::Connect { address: target.address(), source };
    let stream = TcpStream::connect((&*target.host, target.port)).await.map_err(failed)?;
    if !target.is_tls {
        return handshake(stream, connection).await;
    }
    let failed = |source| Error::Tls { address: target.address(), source };
    let name = ServerName::try_from(target.host.clone());
    let name = name.map_err(|source| failed(io::Error::other(source)))?;
    let connector = TlsConnector::from(tls().map_err(|source| failed(io::Error::other(source)))?);
    handshake(connector.connect(name, stream).await.map_err(failed)?, connection).await
}

/// TLS with the system's roots, on a provider of its own: none has to be installed.
fn tls() -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    // What cannot be read of them is missing; then the server's certificate is not trusted.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    connection: &mut JoinSet<()>,
) -> Result<SendRequest<Empty<Bytes>>, Error> {
    let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(interrupted)?;
    connection.spawn(async {
        // Whoever waits for the answer hears of it.
        let _ = driver.await;
    });
    Ok(sender)
}

async fn read(answer: Response<Incoming>) -> Result<(Option<String>, Vec<u8>), Error> {
    if answer.status() != 200 {
        return Err(Error::Status(answer.status().as_u16()));
    }
    let header = |name| {
        let value: &HeaderValue = answer.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    if let Some(encoding) = header(CONTENT_ENCODING).filter(|encoding| encoding != "identity") {
        return Err(Error::Encoded(encoding));
    }
    let content_type = header(CONTENT_TYPE);
    let body = Limited::new(answer.into_body(), LONGEST).collect().await;
    let body = body.map_err(|source| match source.downcast_ref::<LengthLimitError>() {
        Some(_) => Error::TooLong { limit: LONGEST },
        None => Error::Interrupted(source),
    })?;
    Ok((content_type, body.to_bytes().into()))
}

fn interrupted(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Error {
    Error::Interrupted(source.into())
}
