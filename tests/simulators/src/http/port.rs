//! A port of 127.0.0.1 that stays ours while nobody listens on it: a test that takes a server offline
//! must not find another test's server there.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// A port that is kept until this is dropped.
pub(super) struct Port {
    number: u16,
    /// Bound, and never listening: connections are refused.
    _kept: Option<Socket>,
}

impl Port {
    /// Takes a port; 0 takes a free one.
    pub fn take(number: u16) -> io::Result<Self> {
        if cfg!(not(unix)) {
            // Two sockets cannot share a port there: it is kept only while somebody listens.
            let number = TcpListener::bind((Ipv4Addr::LOCALHOST, number))?.local_addr()?.port();
            return Ok(Self { number, _kept: None });
        }
        let kept = bound(number)?;
        let number = kept.local_addr()?.as_socket().map_or(number, |address| address.port());
        Ok(Self { number, _kept: Some(kept) })
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Listens.
    pub fn listen(&self) -> io::Result<TcpListener> {
        if cfg!(not(unix)) {
            return TcpListener::bind((Ipv4Addr::LOCALHOST, self.number));
        }
        let socket = bound(self.number)?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    }
}

fn bound(port: u16) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket)
}
