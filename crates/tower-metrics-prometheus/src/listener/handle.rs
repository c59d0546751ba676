//! The handle to a listener.

use std::fmt;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use futures_channel::oneshot;

/// A listener that serves metrics; dropping it ends it.
///
/// See the [module docs](crate::listener).
#[must_use = "dropping it ends the listener; `detach` lets it go on"]
pub struct Listener {
    pub(super) address: SocketAddr,
    pub(super) stop: Option<oneshot::Sender<()>>,
    pub(super) thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// The address it listens on, with the port that it took if it was asked to take any.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more connections, and returns when the answers under way are sent, which takes no
    /// longer than the [timeout](super::ListenerBuilder::with_timeout). The port is free then.
    ///
    /// Blocks meanwhile. Dropping the listener does the same, and does not wait for it.
    pub fn shutdown(mut self) {
        self.stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the metrics listener had panicked");
        }
    }

    /// Lets the listener go on for as long as the process.
    pub fn detach(mut self) {
        // The receiver tells this from a message.
        self.stop = None;
    }

    fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // If it is gone already, so be it.
            let _ = stop.send(());
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).finish_non_exhaustive()
    }
}
