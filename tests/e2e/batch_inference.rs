//! The example job, as it runs without a Pushgateway, or with one that refuses.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use tempfile::TempDir;
use tower_metrics_tests::binary;
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::process::Signal;

use crate::service::SOON;

const PROGRAM: &str = "batch-inference";

/// Runs the program to its end, with its two streams apart.
async fn run(arguments: &[&str]) -> Output {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let run = move || {
        let mut command = Command::new(binary::path(PROGRAM).unwrap());
        command.args(arguments).stdin(Stdio::null()).output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The metrics that were printed, of the model `resnet50`.
fn printed(output: &Output) -> Exposition {
    Exposition::parse(str::from_utf8(&output.stdout).unwrap()).unwrap()
}

/// How many items there are of each status, and whether the run was a success.
fn counts(metrics: &Exposition) -> ([Option<f64>; 3], bool) {
    let model = ("model_name", "resnet50");
    let counts = ["success", "error", "cancelled"].map(|status| {
        metrics.value("batch_inference_processed_total", &[model, ("status", status)])
    });
    let last_success = "batch_inference_last_success_timestamp_seconds";
    let duration = metrics.value("batch_inference_duration_seconds", &[model]);
    assert!(duration > Some(0.0), "{duration:?}");
    (counts, metrics.value(last_success, &[model]).is_some())
}

fn file(folder: &TempDir, text: &[u8]) -> String {
    let path = folder.path().join("items.jsonl");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Both the lines that are wrong and the items that fail, and the run goes on; and nothing moves
/// where nobody looks.
#[tokio::test]
async fn the_example_is_processed_and_its_metrics_are_printed() {
    let output = run(&[]).await;
    assert!(output.status.success(), "{output:?}");
    let said = "line 6: EOF while parsing a string, at column 45\n\
                line 8: inference with resnet50 failed: the failure was asked for\n\
                12 items, 2 of them errors\n";
    assert_eq!(stderr(&output), said);
    let metrics = printed(&output);
    assert_eq!(counts(&metrics), ([Some(10.0), Some(2.0), Some(0.0)], true));
    let model = ("model_name", "resnet50");
    let buckets = metrics.buckets("batch_inference_item_duration_seconds", &[model]);
    let bounds: Vec<&str> = buckets.iter().map(|(bound, _)| *bound).collect();
    assert_eq!(bounds, ["0.01", "0.05", "0.1", "0.5", "1", "5", "+Inf"]);
    assert_eq!(buckets.last().map(|(_, count)| *count), Some(12.0));
}

/// Whatever is on them.
#[tokio::test]
async fn lines_that_are_no_items_are_errors_with_their_number() {
    let folder = TempDir::new().unwrap();
    let long = format!("{{\"input\": \"{}\"}}", "x".repeat(100_000));
    let text = ["{\"input\": \"a\"}", "", "[]", &long, "{\"input\": 3}", "{\"input\": \"b\"}"];
    let text = [text.join("\n").as_bytes(), b"\n\xff\xfe"].concat();
    let output = run(&[&file(&folder, &text)]).await;
    assert!(output.status.success(), "{output:?}");
    let said = stderr(&output);
    let numbers: Vec<&str> =
        said.lines().filter_map(|line| line.strip_prefix("line ")?.split(':').next()).collect();
    assert_eq!(numbers, ["3", "4", "5", "7"], "{said}");
    assert!(said.contains("line 4: longer than 65536 bytes\n"), "{said}");
    assert_eq!(counts(&printed(&output)), ([Some(2.0), Some(4.0), Some(0.0)], true));
}

/// There is nothing to run, and no run to tell of.
#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing.jsonl");
    for path in [&missing, folder.path() as &Path] {
        let output = run(&[path.to_str().unwrap()]).await;
        assert_eq!(output.status.code(), Some(1));
        let beginning = format!("batch-inference: cannot open {}: ", path.display());
        assert!(stderr(&output).starts_with(&beginning), "{}", stderr(&output));
        assert_eq!(output.stdout, b"");
    }
    let empty = run(&[&file(&folder, b"")]).await;
    assert!(empty.status.success());
    assert_eq!(counts(&printed(&empty)), ([Some(0.0); 3], true));
}

/// Before anything is run.
#[tokio::test]
async fn a_wrong_option_is_explained() {
    for (arguments, code, said) in [
        (&["--model", "alexnet"][..], 2, "[possible values: resnet50, bert-base"),
        (&["--job", "nightly"], 2, "--gateway <URL>"),
        (&["--gateway", "ftp://me:hush@host"], 1, "neither `http` nor `https`"),
    ] {
        let output = run(arguments).await;
        assert_eq!(output.status.code(), Some(code));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        assert!(!stderr(&output).contains("hush"));
        assert_eq!(output.stdout, b"");
    }
}

/// It took its time, so what came of it is printed.
#[tokio::test]
async fn a_push_that_fails_loses_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let refuses = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nno!\n").unwrap();
        String::from_utf8(head).unwrap()
    });
    let folder = TempDir::new().unwrap();
    let output = run(&[&file(&folder, b"{\"input\": \"a\"}"), "--gateway", &url]).await;
    assert!(refuses.join().unwrap().starts_with("PUT /metrics/job/batch_inference_resnet50 "));
    assert_eq!(output.status.code(), Some(1));
    let said = "1 items, 0 of them errors\n\
                batch-inference: the Pushgateway answered 403: no!\n";
    assert_eq!(stderr(&output), said);
    assert_eq!(counts(&printed(&output)), ([Some(1.0), Some(0.0), Some(0.0)], true));
}

/// What was done by then, and no word of success.
#[tokio::test]
async fn a_job_that_is_stopped_tells_what_it_has_done() {
    let folder = TempDir::new().unwrap();
    let text = b"{\"input\": \"a\"}\n[\n{\"input\": \"a\", \"delay_ms\": 600000}\n";
    let file = file(&folder, text);
    for signal in [Signal::Interrupt, Signal::Terminate] {
        let mut job = binary::start(PROGRAM, &[&file]).unwrap();
        job.wait_for_line(|line| line.starts_with("line 2: "), SOON).await.unwrap();
        job.signal(signal).unwrap();
        assert_eq!(job.wait_for_exit(SOON).await.unwrap().code(), Some(1));
        job.wait_for_line(|line| line.ends_with("stopped by a signal"), SOON).await.unwrap();
        // The last of the other stream.
        job.wait_for_line(|line| line.contains("status=\"success\"} "), SOON).await.unwrap();
        let said = job.output();
        assert!(said.contains(&"2 items, 1 of them errors".to_owned()), "{said:?}");
        let metrics: Vec<&str> = said
            .iter()
            .map(String::as_str)
            .filter(|line| line.contains("batch_inference_"))
            .collect();
        let metrics = Exposition::parse(&(metrics.join("\n") + "\n")).unwrap();
        assert_eq!(counts(&metrics), ([Some(1.0), Some(1.0), Some(1.0)], false));
    }
}

/// Nor does a read that never ends, of which the system cannot be asked to let go.
#[tokio::test]
async fn a_pipe_that_goes_silent_does_not_keep_a_job_that_is_stopped() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    // Open for both, it neither waits for a reader nor ends.
    let mut pipe = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut job = binary::start(PROGRAM, &[path.to_str().unwrap()]).unwrap();
    pipe.write_all(b"[\n").unwrap();
    job.wait_for_line(|line| line.starts_with("line 1: "), SOON).await.unwrap();
    job.signal(Signal::Terminate).unwrap();
    assert_eq!(job.wait_for_exit(SOON).await.unwrap().code(), Some(1));
}
