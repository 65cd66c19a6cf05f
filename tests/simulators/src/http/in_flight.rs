//! Who is being served right now: a request is in flight from its first byte to the last byte of
//! its answer, unless its sender has gone away meanwhile.

use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use crate::lock;

/// The requests being served, by connection number.
#[derive(Default)]
pub(super) struct InFlight {
    open: Mutex<HashMap<u64, (TcpStream, bool)>>,
}

impl InFlight {
    /// Enters a request; returns how many others are in flight whose senders still wait.
    pub(super) fn enter(&self, connection: u64, stream: &TcpStream, tls: bool) -> usize {
        let mut open = lock(&self.open);
        let others = open
            .iter()
            .filter(|(id, (other, tls))| **id != connection && !peer_gone(other, *tls))
            .count();
        if let Ok(copy) = stream.try_clone() {
            open.insert(connection, (copy, tls));
        }
        others
    }

    /// Takes a request out; to be called before the last byte of its answer is written, so that
    /// a client that has the whole answer never meets its own shadow.
    pub(super) fn leave(&self, connection: u64) {
        lock(&self.open).remove(&connection);
    }
}

/// Whether the peer has closed its side. On TLS a goodbye is readable bytes, and nobody sends
/// anything else while waiting for an answer.
pub(super) fn peer_gone(stream: &TcpStream, tls: bool) -> bool {
    // A read timeout does not disturb the thread that writes to the same socket, unlike the
    // non-blocking mode, and the reading loop looks at its own deadline.
    if stream.set_read_timeout(Some(Duration::from_millis(1))).is_err() {
        return true;
    }
    let mut byte = [0_u8; 1];
    match stream.peek(&mut byte) {
        Ok(0) => true,
        Ok(_) => tls,
        Err(error) => {
            !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
        }
    }
}
