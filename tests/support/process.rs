//! A program that runs for as long as a test needs it.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use crate::Error;
use crate::poll::wait_until;

/// A signal that asks a program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// What Ctrl-C sends.
    Interrupt,
    /// What service managers and container runtimes send.
    Terminate,
}

/// A running program; dropping it kills the program and waits for its end.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    output: watch::Receiver<Vec<String>>,
}

impl Process {
    /// Starts a program with its stdout and stderr captured, line by line, in the order of arrival.
    ///
    /// # Errors
    ///
    /// [`Error::Program`] if the program cannot be started.
    pub fn start(mut command: Command) -> Result<Self, Error> {
        let name = command.get_program().to_string_lossy().into_owned();
        let started =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = started.map_err(|source| Error::Program { name: name.clone(), source })?;
        let (lines, output) = watch::channel(Vec::new());
        let lines = Arc::new(lines);
        if let Some(stdout) = child.stdout.take() {
            collect(stdout, Arc::clone(&lines));
        }
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, lines);
        }
        Ok(Self { name, child, output })
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns all lines printed so far.
    pub fn output(&self) -> Vec<String> {
        self.output.borrow().clone()
    }

    /// Waits for a line, printed already or later, that satisfies `is_wanted`, and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] if the program closed its output first, [`Error::TimedOut`] if it printed
    /// no such line in time.
    pub async fn wait_for_line(
        &self,
        is_wanted: impl Fn(&str) -> bool,
        timeout: Duration,
    ) -> Result<String, Error> {
        let find = |lines: &[String]| lines.iter().find(|line| is_wanted(line)).cloned();
        let mut output = self.output.clone();
        let wanted = async {
            let seen = output.wait_for(|lines| find(lines).is_some()).await;
            seen.ok().and_then(|lines| find(&lines))
        };
        match tokio::time::timeout(timeout, wanted).await {
            Ok(Some(line)) => Ok(line),
            Ok(None) => Err(Error::Ended { name: self.name.clone(), output: self.text() }),
            Err(_) => Err(self.timed_out("wanted line", timeout)),
        }
    }

    /// Sends a signal to the program.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] if it has ended already.
    pub fn signal(&mut self, signal: Signal) -> Result<(), Error> {
        // A process id belongs to the program only as long as its end was not collected.
        if self.try_wait()?.is_some() {
            return Err(Error::Ended { name: self.name.clone(), output: self.text() });
        }
        let name = match signal {
            Signal::Interrupt => "INT",
            Signal::Terminate => "TERM",
        };
        // The shell's own `kill`: the separate program is not on every machine.
        let kill = format!("kill -s {name} {}", self.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        match status.map_err(|source| self.failed(source))? {
            status if status.success() => Ok(()),
            status => Err(self.failed(std::io::Error::other(format!("`{kill}`: {status}")))),
        }
    }

    /// Waits for the end of the program.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] if it still runs after `timeout`.
    pub async fn wait_for_exit(&mut self, timeout: Duration) -> Result<ExitStatus, Error> {
        match wait_until("exit", timeout, async || self.try_wait().transpose()).await {
            Ok(exit) => exit,
            Err(_) => Err(self.timed_out("exit", timeout)),
        }
    }

    fn try_wait(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.child.try_wait().map_err(|source| self.failed(source))
    }

    fn text(&self) -> String {
        self.output.borrow().join("\n")
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Program { name: self.name.clone(), source }
    }

    fn timed_out(&self, what: &str, after: Duration) -> Error {
        let what = format!("{what} of `{}`, which printed\n{}\n", self.name, self.text());
        Error::TimedOut { what, after }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if the program has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Appends the lines of a pipe to the output until the pipe is closed.
fn collect(pipe: impl Read + Send + 'static, lines: Arc<watch::Sender<Vec<String>>>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            lines.send_modify(|lines| lines.push(line));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(60);

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start(command).unwrap()
    }

    /// Servers log to either stream, and a line may be asked for after later ones.
    #[tokio::test]
    async fn lines_of_both_streams_are_found() {
        let process = shell("echo out; echo err >&2; exec sleep 600");
        assert_eq!(
            process.wait_for_line(|line| line.starts_with("err"), SOON).await.unwrap(),
            "err"
        );
        assert_eq!(process.wait_for_line(|line| line == "out", SOON).await.unwrap(), "out");
    }

    /// What the program said instead is what one wants to read.
    #[tokio::test]
    async fn a_line_that_never_comes_is_reported_with_what_came() {
        let ended = shell("echo something else").wait_for_line(|line| line == "x", SOON).await;
        assert!(ended.unwrap_err().to_string().contains("something else"));
        let process = shell("exec sleep 600");
        let late = process.wait_for_line(|line| line == "x", Duration::ZERO).await;
        assert!(late.unwrap_err().is_timeout());
    }

    /// The program itself sees the signal and chooses its exit code.
    #[tokio::test]
    async fn signals_reach_the_program() {
        let script =
            "trap 'exit 3' INT; trap 'exit 4' TERM; echo ready; while :; do sleep 0.01; done";
        for (signal, code) in [(Signal::Interrupt, 3), (Signal::Terminate, 4)] {
            let mut process = shell(script);
            process.wait_for_line(|line| line == "ready", SOON).await.unwrap();
            process.signal(signal).unwrap();
            assert_eq!(process.wait_for_exit(SOON).await.unwrap().code(), Some(code));
        }
    }

    /// Its process id may be somebody else's by now.
    #[tokio::test]
    async fn a_program_that_ended_is_not_signalled() {
        let mut process = shell("exit 7");
        assert_eq!(process.wait_for_exit(SOON).await.unwrap().code(), Some(7));
        assert!(matches!(process.signal(Signal::Terminate), Err(Error::Ended { .. })));
    }

    /// Waiting for an exit ends.
    #[tokio::test]
    async fn a_program_that_goes_on_is_reported() {
        let error = shell("exec sleep 600").wait_for_exit(Duration::ZERO).await.unwrap_err();
        assert!(error.is_timeout());
    }

    /// A test leaves no process behind, not even a zombie.
    #[tokio::test]
    async fn a_dropped_program_is_gone_and_reaped() {
        let process = shell("exec sleep 600");
        let folder = format!("/proc/{}", process.id());
        drop(process);
        assert!(!std::path::Path::new(&folder).exists());
    }

    /// A program that is not installed is not mistaken for one that crashed.
    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error = Process::start(Command::new("no-such-program")).unwrap_err();
        assert!(error.to_string().starts_with("cannot run `no-such-program`: "), "{error}");
    }
}
