//! What a scraper asks for, and what an actix-web app answers.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use actix_web::{App, HttpServer, web};
use tower_metrics_actix_web::{Metrics, endpoint};
use tower_metrics_prometheus::{CONTENT_TYPE, Exporter};

/// Serves the metrics as middleware under `/metrics`, and as an endpoint under `/mounted`.
fn serve(exporter: &Exporter) -> SocketAddr {
    let exporter = exporter.clone();
    let app =
        move || App::new().service(endpoint("/mounted", &exporter)).wrap(Metrics::new(&exporter));
    let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = *server.addrs().first().unwrap();
    actix_web::rt::spawn(server.run());
    address
}

/// Sends a request and reads the answer to its end: the head in lower case, and the body.
async fn ask(address: SocketAddr, request: String) -> (String, Vec<u8>) {
    let answer = web::block(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{request}host: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let (head, body) = answer.split_at(end);
    (String::from_utf8(head.to_vec()).unwrap().to_lowercase(), body.to_vec())
}

/// The same answers as from tower, wherever it is mounted.
#[actix_web::test]
async fn a_scrape_is_negotiated_as_with_any_other_server() {
    let exporter = Exporter::builder().build().unwrap();
    let address = serve(&exporter);
    metrics::with_local_recorder(&exporter.recorder(), || {
        for i in 0..10_000 {
            metrics::gauge!("a", "i" => i.to_string()).set(1);
        }
    });
    let plain = exporter.render();
    for path in ["/metrics", "/mounted"] {
        let (head, body) = ask(address, format!("GET {path} HTTP/1.1\r\n")).await;
        assert!(head.starts_with("http/1.1 200 ok"), "{head}");
        assert!(head.contains(&format!("content-type: {CONTENT_TYPE}\r\n")), "{head}");
        assert!(head.contains("cache-control: no-store\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        assert!(body.len() >= plain.len());

        let (head, nothing) = ask(address, format!("HEAD {path} HTTP/1.1\r\n")).await;
        assert!(head.starts_with("http/1.1 200 ok"), "{head}");
        assert!(head.contains("content-length: "), "{head}");
        assert!(nothing.is_empty());

        let accept = "accept-encoding: gzip\r\n";
        let (head, gzip) = ask(address, format!("GET {path} HTTP/1.1\r\n{accept}")).await;
        assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
        assert!(gzip.starts_with(&[0x1f, 0x8b]) && gzip.len() * 4 < body.len());

        let (head, nothing) = ask(address, format!("PUT {path} HTTP/1.1\r\n")).await;
        assert!(head.starts_with("http/1.1 405 ") && head.contains("allow: get, head"), "{head}");
        assert!(nothing.is_empty());
    }
}

/// The exporter's tokens hold here too.
#[actix_web::test]
async fn a_token_is_asked_for_where_one_is_set() {
    let exporter = Exporter::builder().with_bearer_token("secret").build().unwrap();
    let address = serve(&exporter);
    for path in ["/metrics", "/mounted"] {
        let (head, body) = ask(address, format!("GET {path} HTTP/1.1\r\n")).await;
        assert!(head.starts_with("http/1.1 401 "), "{head}");
        assert!(head.contains("www-authenticate: bearer"), "{head}");
        assert_eq!(body, b"a token is required\n");
        let token = "authorization: Bearer secret\r\n";
        let (head, _) = ask(address, format!("GET {path} HTTP/1.1\r\n{token}")).await;
        assert!(head.starts_with("http/1.1 200 "), "{head}");
    }
}
