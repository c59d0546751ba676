//! The program as a shell runs it: what it reads, what it prints, and how it ends.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod server;
mod tls;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use self::server::{Server, Step, answer};

const GOOD: &str = "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{kind=\"a\"} 3\n";
const BAD: &str = "# HELP jobs Jobs.\n# TYPE jobs counter\njobs{kind=\"a\"} 3\n";
const DOUBTFUL: &str = "# TYPE jobs_total counter\njobs_total{kind=\"a\"} 3\n";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metrics-doctor"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The exit code, and the two streams.
fn outcome(output: &Output) -> (Option<i32>, &str, &str) {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| str::from_utf8(text).unwrap());
    (output.status.code(), out, err)
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn run_with_stdin(arguments: &[&str], text: &[u8]) -> Output {
    let mut child = command(arguments);
    let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    child.wait_with_output().unwrap()
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A script asks for nothing but the code.
#[test]
fn the_exit_code_says_what_was_found() {
    for (text, code, strict_code) in [(GOOD, 0, 0), (DOUBTFUL, 0, 1), (BAD, 1, 1), ("jobs", 2, 2)] {
        for (arguments, code) in [(&["-"][..], code), (&["-", "--strict"], strict_code)] {
            let output = run_with_stdin(arguments, text.as_bytes());
            assert_eq!(outcome(&output).0, Some(code), "{arguments:?} {text}");
        }
    }
}

/// Findings and the summary on stdout, and nothing on stderr.
#[test]
fn a_file_is_examined_line_by_line() {
    let path = file("bad.prom", BAD);
    let output = run(&[path.to_str().unwrap()]);
    let said = "error[counter-suffix]: jobs: counter without `_total`; call it `jobs_total`\n\
                1 metric, 1 series: 1 error, 0 warnings, 0 notes\n";
    assert_eq!(outcome(&output), (Some(1), said, ""));
}

/// For a program that reads them.
#[test]
fn json_has_findings_only() {
    let output = run_with_stdin(&["-", "--json"], BAD.as_bytes());
    let (code, out, _) = outcome(&output);
    let lines: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, lines.len()), (Some(1), 1));
    assert_eq!((&lines[0]["rule"], &lines[0]["line"]), (&"counter-suffix".into(), &1.into()));
    let output = run_with_stdin(&["-", "--json"], GOOD.as_bytes());
    assert_eq!(outcome(&output), (Some(0), "", ""));
}

/// What was decided upon once is not said again.
#[test]
fn what_is_allowed_is_no_error() {
    let output = run_with_stdin(&["-", "--allow", "counter-suffix:jobs"], BAD.as_bytes());
    assert_eq!(outcome(&output).0, Some(0));
}

/// The line, and on stderr.
#[test]
fn what_is_not_the_text_format_is_named_with_its_line() {
    for (text, said) in [
        (&b"jobs_total 1\njobs-total 1\n"[..], "line 2: `jobs-total` is no metric name\n"),
        (b"jobs_total \xff\n", "it is no UTF-8\n"),
    ] {
        let output = run_with_stdin(&["-"], text);
        let (code, out, err) = outcome(&output);
        assert_eq!((code, out), (Some(2), ""));
        assert!(err.starts_with("metrics-doctor: ") && err.ends_with(said), "{err}");
    }
}

/// With how to learn more.
#[test]
fn a_wrong_command_line_is_explained() {
    let output = run(&["--verbose"]);
    let said = "metrics-doctor: unexpected argument `--verbose`\n\
                metrics-doctor --help explains the command line\n";
    assert_eq!(outcome(&output), (Some(2), "", said));
    let output = run(&["--help"]);
    assert!(outcome(&output).1.contains("Usage: metrics-doctor [OPTIONS] SOURCE"));
    let output = run(&["--version"]);
    assert_eq!(outcome(&output).1, concat!("metrics-doctor ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// As Prometheus would ask for it, and with what it is told to send.
#[test]
fn a_url_is_scraped() {
    let server = Server::start(&[answer(GOOD)]);
    let output = run(&[&server.url(""), "--header", "authorization: Bearer token"]);
    assert_eq!(
        outcome(&output),
        (Some(0), "1 metric, 1 series: 0 errors, 0 warnings, 0 notes\n", "")
    );
    let request = server.request().to_lowercase();
    assert!(request.starts_with("get /metrics http/1.1\r\n"), "{request}");
    for header in [
        format!("host: {}", server.address()),
        "authorization: bearer token".to_owned(),
        "accept: text/plain;version=0.0.4;q=1,*/*;q=0.1".to_owned(),
    ] {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header}: {request}");
    }
}

/// Prometheus would not read it.
#[test]
fn the_declared_type_is_examined_too() {
    let server = Server::start(&[answer(GOOD).replace("text/plain; version=0.0.4", "text/html")]);
    let output = run(&[&server.url("/metrics")]);
    let (code, out, _) = outcome(&output);
    assert_eq!(code, Some(1));
    assert!(out.starts_with("error[content-type]: content type `text/html`; "), "{out}");
}

/// Nothing is examined that is not the exposition.
#[test]
fn an_answer_that_is_none_is_an_error() {
    let head = |line: &str| format!("HTTP/1.1 {line}\r\nconnection: close\r\n\r\n");
    for (answer, said) in [
        (head("404 Not Found"), "the answer is 404, not 200; nothing serves metrics there\n"),
        (head("401 Unauthorized"), "the answer is 401, not 200; credentials go in `--header`\n"),
        (head("302 Found"), "the answer is 302, not 200\n"),
        (head("200 OK\r\ncontent-encoding: gzip"), "the answer is in the encoding `gzip`\n"),
        (
            head("200 OK\r\ncontent-type: text/html") + "<html>\n",
            "`text/html` is not the Prometheus text format: line 1: `<html>` is no metric name\n",
        ),
        (head("200 OK\r\ncontent-length: 9") + "a 1\n", "the HTTP exchange failed: "),
        ("no HTTP\r\n\r\n".to_owned(), "the HTTP exchange failed: "),
    ] {
        let server = Server::start(&[answer]);
        let output = run(&[&server.url("/metrics")]);
        let (code, out, err) = outcome(&output);
        assert_eq!((code, out), (Some(2), ""));
        assert!(err.starts_with(&format!("metrics-doctor: {said}")), "{err}");
    }
}

/// A service that hangs does not hang a pipeline.
#[test]
fn an_answer_that_does_not_come_is_not_waited_for() {
    let server = Server::start_with(vec![Step::Silence]);
    let output = run(&[&server.url("/metrics"), "--timeout", "0.1"]);
    let said = "metrics-doctor: no whole answer within 100ms\n";
    assert_eq!(outcome(&output), (Some(2), "", said));
}

/// Nobody is there.
#[test]
fn a_refused_connection_is_named() {
    let output = run(&["http://127.0.0.1:1/metrics"]);
    let (code, _, err) = outcome(&output);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("metrics-doctor: cannot connect to 127.0.0.1:1: "), "{err}");
}

/// The second look is compared with the first, and examined.
#[test]
fn watching_finds_what_changes() {
    let after = GOOD.replace(" 3\n", " 2\n") + "jobs_total{kind=\"b\"} 1\n";
    let server = Server::start(&[answer(GOOD), answer(&after)]);
    let output = run(&[&server.url("/metrics"), "--watch", "0.01", "--strict"]);
    let (code, out, _) = outcome(&output);
    let rules: Vec<&str> = out.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(rules, ["warning[decreased]", "note[growth]", "1 metric, 2 series"]);
    assert_eq!(code, Some(1));
}
