//! One request over one connection, to this machine only.
//!
//! No pool, no redirects, no decompression: a test sees what the server sent.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Builder;
use http::{HeaderMap, Method, StatusCode, Uri, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Error;

/// How long a whole exchange may take; far more than any, so that only a hang meets it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A request that was not sent yet.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    builder: Builder,
    body: Bytes,
    version: Version,
}

impl Request {
    /// Creates a request without headers and body, to be sent over HTTP/1.1.
    pub fn new(method: Method, url: &str) -> Self {
        let builder = http::Request::builder().method(method).uri(url);
        Self { builder, body: Bytes::new(), version: Version::HTTP_11 }
    }

    /// Creates a GET request.
    pub fn get(url: &str) -> Self {
        Self::new(Method::GET, url)
    }

    /// Creates a POST request with a JSON body.
    pub fn post_json(url: &str, body: &serde_json::Value) -> Self {
        Self::new(Method::POST, url)
            .with_header(CONTENT_TYPE.as_str(), "application/json")
            .with_body(body.to_string())
    }

    /// Adds a header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// Sets the body. Defaults to an empty one.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends over HTTP/2 without asking the server first. Defaults to HTTP/1.1.
    pub fn with_http2(mut self) -> Self {
        self.version = Version::HTTP_2;
        self
    }

    /// Sends the request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] for another host than this one, [`Error::Io`] if nothing listens there,
    /// [`Error::Http`] if the exchange fails, [`Error::TimedOut`] if it hangs.
    ///
    /// # Cancellation
    ///
    /// Dropping the future closes the connection, as a client does that loses its patience.
    pub async fn send(self) -> Result<Response, Error> {
        let request = self.builder.body(Full::new(self.body)).map_err(Error::http)?;
        let url = request.uri().to_string();
        match tokio::time::timeout(TIMEOUT, exchange(request, self.version)).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::TimedOut { what: format!("answer from {url}"), after: TIMEOUT }),
        }
    }
}

/// Sends a GET request over HTTP/1.1.
///
/// # Errors
///
/// Those of [`Request::send`].
pub async fn get(url: &str) -> Result<Response, Error> {
    Request::get(url).send().await
}

/// Sends a POST request with a JSON body over HTTP/1.1.
///
/// # Errors
///
/// Those of [`Request::send`].
pub async fn post_json(url: &str, body: &serde_json::Value) -> Result<Response, Error> {
    Request::post_json(url, body).send().await
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Response {
    version: Version,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Response {
    /// Returns the protocol version that the server spoke.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns the status code.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Returns all headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Json`] if it is none.
    pub fn json(&self) -> Result<serde_json::Value, Error> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

async fn exchange(
    mut request: http::Request<Full<Bytes>>,
    version: Version,
) -> Result<Response, Error> {
    let (host, port) = loopback(request.uri())?;
    let stream = TokioIo::new(TcpStream::connect((host, port)).await?);
    // Dropped with this future, and with it the connection.
    let mut connection = JoinSet::new();
    let answer = if version == Version::HTTP_2 {
        let executor = TokioExecutor::new();
        let (mut sender, driver) = http2::handshake(executor, stream).await.map_err(Error::http)?;
        connection.spawn(driver);
        read(sender.send_request(request).await.map_err(Error::http)?).await
    } else {
        set_origin_form(&mut request)?;
        let (mut sender, driver) = http1::handshake(stream).await.map_err(Error::http)?;
        connection.spawn(driver);
        read(sender.send_request(request).await.map_err(Error::http)?).await
    };
    drop(connection);
    answer
}

async fn read(answer: http::Response<Incoming>) -> Result<Response, Error> {
    let (head, body) = answer.into_parts();
    Ok(Response {
        version: head.version,
        status: head.status,
        headers: head.headers,
        body: body.collect().await.map_err(Error::http)?.to_bytes(),
    })
}

/// An HTTP/1.1 request names the host in a header and only the path in its first line.
fn set_origin_form(request: &mut http::Request<Full<Bytes>>) -> Result<(), Error> {
    if let Some(authority) = request.uri().authority() {
        let host = authority.as_str().parse().map_err(Error::http)?;
        request.headers_mut().entry(HOST).or_insert(host);
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    Ok(())
}

/// The address of a URL, which must be one of this machine.
fn loopback(url: &Uri) -> Result<(IpAddr, u16), Error> {
    let refused = || Error::Url { url: url.to_string() };
    let host = url.host().ok_or_else(refused)?;
    let host = if host == "localhost" { "127.0.0.1" } else { host.trim_matches(['[', ']']) };
    match host.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => Ok((address, url.port_u16().unwrap_or(80))),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use hyper::service::service_fn;
    use hyper_util::server::conn::auto;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;
    use tokio::sync::oneshot;

    use super::*;

    /// Answers one connection by repeating what came, with status 201.
    async fn echo() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service_fn(async |request: http::Request<Incoming>| {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let answer =
                    http::Response::builder().status(201).header("x-method", head.method.as_str());
                let answer = answer.header("x-path", head.uri.path());
                let host = head.headers.get(HOST).map(|host| host.to_str().unwrap().to_owned());
                let answer = answer.header("x-host", host.unwrap_or_default());
                Ok::<_, Infallible>(answer.body(Full::new(body)).unwrap())
            });
            let server = auto::Builder::new(TokioExecutor::new());
            server.serve_connection(TokioIo::new(stream), service).await.unwrap();
        });
        url
    }

    /// The server gets the path and the host as HTTP/1.1 wants them.
    #[tokio::test]
    async fn a_request_and_its_answer_go_through_http1() {
        let url = echo().await;
        let answer = post_json(&format!("{url}/a?b"), &serde_json::json!({"c": 1})).await.unwrap();
        assert_eq!((answer.version(), answer.status()), (Version::HTTP_11, 201));
        assert_eq!(answer.header("x-method"), Some("POST"));
        assert_eq!(answer.header("x-path"), Some("/a"));
        assert_eq!(answer.header("x-host"), url.strip_prefix("http://"));
        assert_eq!(answer.text(), r#"{"c":1}"#);
    }

    /// No upgrade and no TLS: HTTP/2 from the first byte.
    #[tokio::test]
    async fn a_request_and_its_answer_go_through_http2() {
        let request = Request::new(Method::PUT, &echo().await).with_body("body").with_http2();
        let answer = request.send().await.unwrap();
        assert_eq!((answer.version(), answer.status()), (Version::HTTP_2, 201));
        assert_eq!((answer.header("x-method"), answer.text()), (Some("PUT"), "body".to_owned()));
    }

    /// Its answer ends with the head, whatever length it announces.
    #[tokio::test]
    async fn a_head_request_has_no_body_to_wait_for() {
        let answer = Request::new(Method::HEAD, &echo().await).send().await.unwrap();
        assert_eq!((answer.status(), answer.body().len()), (201, 0));
    }

    /// A test can be the client that gives up.
    #[tokio::test]
    async fn a_dropped_request_closes_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let client = tokio::spawn(async move {
            tokio::select! {
                _ = get(&url) => unreachable!("nobody answers"),
                _ = stopped => {}
            }
        });
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut received = vec![0; 16];
        stream.read_exact(&mut received).await.unwrap();
        assert_eq!(received, b"GET / HTTP/1.1\r\n");
        stop.send(()).unwrap();
        client.await.unwrap();
        stream.read_to_end(&mut received).await.unwrap();
    }

    /// No test leaves this machine.
    #[tokio::test]
    async fn other_hosts_are_refused() {
        for url in ["http://192.0.2.1/", "http://example.invalid/", "/path"] {
            assert!(matches!(get(url).await, Err(Error::Url { .. })), "{url}");
        }
        assert!(loopback(&"http://[::1]:8080/".parse().unwrap()).is_ok());
        assert!(loopback(&"http://localhost/".parse().unwrap()).is_ok());
    }

    /// A refused connection is told apart from a bad answer.
    #[tokio::test]
    async fn nobody_listening_is_an_io_error() {
        assert!(matches!(get("http://127.0.0.1:1/").await, Err(Error::Io(_))));
    }
}
