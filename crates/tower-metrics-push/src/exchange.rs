//! One request, and its answer, over a connection of its own.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::error::PushError;
use crate::gateway::{Gateway, Target};
use crate::retry::Budget;

/// How much of an answer is read.
const LONGEST_TEXT: usize = 8 * 1024;

/// Sends a body to the gateway, and says what became of it.
pub(crate) async fn send(
    gateway: &Gateway,
    method: Method,
    body: Bytes,
    budget: Budget,
) -> Result<(), PushError> {
    // It is dropped with this future, and with it the connection.
    let mut connection = JoinSet::new();
    let exchange = async {
        let mut sender = connect(gateway, &mut connection).await?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = gateway.uri.clone();
        *request.headers_mut() = gateway.headers.clone();
        sender.send_request(request).await.map_err(interrupted)
    };
    let answer = budget.spend(exchange).await??;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(refused(status, &read(answer, budget).await, gateway.secret.as_deref()))
}

async fn connect(
    gateway: &Gateway,
    connection: &mut JoinSet<()>,
) -> Result<SendRequest<Full<Bytes>>, PushError> {
    let target = &gateway.target;
    let failed = |source| PushError::Connect { address: target.address(), source };
    let stream = TcpStream::connect((&*target.host, target.port)).await.map_err(failed)?;
    // There is one request to send, and nothing to wait for. If it cannot be set, so be it.
    let _ = stream.set_nodelay(true);
    let Some(config) = &gateway.tls else { return handshake(stream, connection).await };
    let error = |source: std::io::Error| {
        // A connection that is lost meanwhile has nothing to do with TLS.
        match source.get_ref() {
            Some(error) if error.is::<rustls::Error>() => tls_error(target, source),
            _ => failed(source),
        }
    };
    let name = ServerName::try_from(target.host.clone());
    let name = name.map_err(|source| tls_error(target, std::io::Error::other(source)))?;
    let connector = TlsConnector::from(std::sync::Arc::clone(config));
    handshake(connector.connect(name, stream).await.map_err(error)?, connection).await
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    connection: &mut JoinSet<()>,
) -> Result<SendRequest<Full<Bytes>>, PushError> {
    let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(interrupted)?;
    connection.spawn(async {
        // Whoever waits for the answer hears of it.
        let _ = driver.await;
    });
    Ok(sender)
}

/// Reads what there is to read, up to a length, in the time that is left.
async fn read(answer: Response<Incoming>, budget: Budget) -> Vec<u8> {
    let mut text = Vec::new();
    let mut body = answer.into_body();
    // The status says enough, whatever becomes of the rest.
    while let Ok(Some(Ok(frame))) = budget.spend(body.frame()).await {
        if let Some(data) = frame.data_ref() {
            let left = LONGEST_TEXT - text.len();
            text.extend(data.iter().take(left));
        }
        if text.len() == LONGEST_TEXT {
            break;
        }
    }
    text
}

fn refused(status: StatusCode, text: &[u8], secret: Option<&str>) -> PushError {
    let mut text = String::from_utf8_lossy(text).trim().to_owned();
    if let Some(secret) = secret {
        // Some servers repeat the request that they do not like.
        text = text.replace(secret, "[secret]");
    }
    PushError::Refused { status: status.as_u16(), text }
}

fn interrupted(source: hyper::Error) -> PushError {
    PushError::Interrupted { source: source.into() }
}

fn tls_error(target: &Target, source: std::io::Error) -> PushError {
    PushError::Tls { address: target.address(), source }
}
