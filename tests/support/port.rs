//! Ports that are free.

use std::net::TcpListener;

use crate::Error;

/// How often a start is repeated with another port.
const ATTEMPTS: usize = 5;

/// Starts a server at a loopback address that nobody listens on at this moment.
///
/// It is started again at another if somebody took the port between the look for a free one and its
/// use, which `start` reports as [`Error::Ended`].
pub(crate) async fn start_at_free_address<T>(
    start: impl AsyncFn(&str) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        match start(&address).await {
            Err(Error::Ended { output, .. })
                if output.contains("address already in use") && attempt < ATTEMPTS =>
            {
                attempt += 1;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn ended(output: &str) -> Error {
        Error::Ended { name: "server".to_owned(), output: output.to_owned() }
    }

    /// A few times, and then it is no accident.
    #[tokio::test]
    async fn a_port_that_was_taken_meanwhile_is_replaced() {
        let starts = Cell::new(0);
        let start = async |_: &str| {
            starts.set(starts.get() + 1);
            if starts.get() == 3 { Ok(()) } else { Err(ended("bind: address already in use")) }
        };
        start_at_free_address(start).await.unwrap();
        starts.set(3);
        start_at_free_address(start).await.unwrap_err();
        assert_eq!(starts.get(), 3 + ATTEMPTS);
    }

    /// Another port would not help.
    #[tokio::test]
    async fn a_server_that_fails_for_another_reason_is_not_started_again() {
        let starts = Cell::new(0);
        let start = async |_: &str| {
            starts.set(starts.get() + 1);
            Err::<(), _>(ended("bad configuration"))
        };
        start_at_free_address(start).await.unwrap_err();
        assert_eq!(starts.get(), 1);
    }
}
