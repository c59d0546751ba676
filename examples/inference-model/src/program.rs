//! Start and stop: what a program says, where it listens, when it ends.

use std::{error::Error, fmt, io, net::SocketAddr, process::ExitCode};

use tokio::net::TcpListener;

use crate::options::Options;

/// What tells the programs apart.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "each program writes its own as a constant")]
pub struct Program {
    /// How it is called, in its help and in front of its errors.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// Where it listens unless told otherwise.
    pub default_listen: &'static str,
}

impl Program {
    /// Reads the options that the program was started with. See [`Options::parse`].
    pub fn options(&self) -> Options {
        Options::parse(self)
    }

    /// Turns the end of the program into its exit code, and prints the error if there is one.
    pub fn exit_code(&self, ended: Result<(), Box<dyn Error>>) -> ExitCode {
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{}: {error}", self.name);
                ExitCode::FAILURE
            }
        }
    }
}

/// Prints the URL and what to try first.
#[expect(clippy::print_stdout, reason = "the URL is what these programs have to say")]
pub fn announce(address: SocketAddr) {
    println!(
        "Listening on http://{address}\n\
         Try: curl http://{address}/predict/resnet50 \
         -H 'content-type: application/json' -d '{{\"input\": \"a photo of a cat\"}}'\n\
         Then: curl http://{address}/metrics"
    );
}

/// Opens the listening socket.
///
/// # Errors
///
/// A [`BindError`], which says what to do instead.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| BindError { address, source })
}

/// Why a program cannot listen on an address.
#[derive(Debug)]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, source } = self;
        match source.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "port {port} on {ip} is in use; stop the program that has it, \
                 or choose another port, such as --listen {any}",
                port = address.port(),
                ip = address.ip(),
                any = SocketAddr::new(address.ip(), 0),
            ),
            _ => write!(
                f,
                "cannot listen on {address}: {source}; choose another address with --listen"
            ),
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Listens for SIGINT and SIGTERM from the call on; the future resolves at the first of them.
///
/// # Errors
///
/// Those of the system, if it refuses to pass the signals on.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C from the call on; the future resolves when it is pressed.
///
/// # Errors
///
/// Those of the system, if it refuses to pass the signal on.
#[cfg(windows)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commonest mistake has its way out in the same line.
    #[tokio::test]
    async fn taken_port_is_explained() {
        let taken = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = bind(address).await.unwrap_err();
        let expected = format!(
            "port {} on 127.0.0.1 is in use; stop the program that has it, \
             or choose another port, such as --listen 127.0.0.1:0",
            address.port()
        );
        assert_eq!(error.to_string(), expected);
    }

    /// Whatever else the system says is passed on.
    #[test]
    fn other_reasons_are_those_of_the_system() {
        let source = io::Error::other("no such thing");
        let error = BindError { address: "192.0.2.1:80".parse().unwrap(), source };
        assert_eq!(
            error.to_string(),
            "cannot listen on 192.0.2.1:80: no such thing; choose another address with --listen"
        );
    }
}
