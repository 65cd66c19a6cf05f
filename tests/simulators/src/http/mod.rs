//! A small blocking HTTP/1.1 server: one thread per connection, every request recorded, and
//! faults that a test may order. It knows nothing of Cardskipper or Hikvision.

mod bomb;
mod connection;
mod fault;
mod in_flight;
mod message;
mod port;
mod read;
#[cfg(test)]
mod tests;
mod tls;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

pub use bomb::gzip_bomb;
pub use fault::{Fault, FaultRule, Step};
pub use message::{Framing, Reply, Request, Response};
pub use tls::Tls;

use crate::lock;
use connection::Connection;
use in_flight::InFlight;
use port::Port;
pub(crate) use tls::Identity;

/// What a simulated service does with requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one complete request.
    fn answer(&self, request: &Request) -> Reply;
    /// Told when bytes came that are no HTTP request; the words say why.
    fn malformed(&self, problem: &str);
    /// Whether requests wait for each other, as on a device that serves one at a time.
    fn one_at_a_time(&self) -> bool {
        false
    }
}

/// A moment in the life of one request, as its server sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Its head was read, its body not yet.
    Arrived,
    /// It was read whole, and nothing was done about it.
    Read,
    /// It was carried out, and nothing of the answer has left.
    CarriedOut,
    /// Half of the answer has left.
    HalfAnswered,
    /// The whole answer has left.
    Answered,
}

impl Moment {
    /// Every moment, in their order.
    pub const ALL: [Self; 5] =
        [Self::Arrived, Self::Read, Self::CarriedOut, Self::HalfAnswered, Self::Answered];
}

/// Told of every moment of every request; `false` ends the connection there and then, before
/// anything else is done for that request.
pub type Watcher = Arc<dyn Fn(Moment) -> bool + Send + Sync>;

/// Everything the connections share.
struct Shared {
    handler: Arc<dyn Handler>,
    identity: Option<Identity>,
    requests: Mutex<Vec<Request>>,
    faults: Mutex<Vec<FaultRule>>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    connections: AtomicU64,
    in_flight: InFlight,
    turn: Mutex<()>,
    watcher: Mutex<Option<Watcher>>,
    /// Connections that are being served.
    open: AtomicUsize,
    /// The port at the other end of the connection that was accepted last.
    last_peer: AtomicU16,
}

impl Shared {
    fn fault_for(&self, request: &Request) -> Option<Fault> {
        lock(&self.faults)
            .iter_mut()
            .find_map(|rule| rule.hits(request).then(|| rule.fault.clone()))
    }

    /// Whether to go on after this moment.
    fn goes_on(&self, moment: Moment) -> bool {
        let watcher = lock(&self.watcher).clone();
        watcher.is_none_or(|watcher| watcher(moment))
    }
}

/// A listening server; dropping it closes every connection and frees the port.
pub struct HttpServer {
    shared: Arc<Shared>,
    port: Port,
    online: Mutex<Option<Online>>,
}

struct Online {
    stop: Arc<AtomicBool>,
    accepting: JoinHandle<Vec<(TcpStream, JoinHandle<()>)>>,
}

impl HttpServer {
    /// Listens on 127.0.0.1; port 0 takes a free one.
    ///
    /// # Panics
    /// If the port is taken.
    pub fn start(handler: Arc<dyn Handler>, port: u16, tls: Tls) -> Self {
        let shared = Arc::new(Shared {
            handler,
            identity: Identity::make(tls),
            requests: Mutex::default(),
            faults: Mutex::default(),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            in_flight: InFlight::default(),
            turn: Mutex::default(),
            watcher: Mutex::default(),
            open: AtomicUsize::new(0),
            last_peer: AtomicU16::new(0),
        });
        let port = Port::take(port).unwrap_or_else(|error| panic!("port {port}: {error}"));
        let online = Mutex::new(Some(accept(Arc::clone(&shared), listen(&port))));
        Self { shared, port, online }
    }

    /// `http://127.0.0.1:PORT`, or `https://`; no closing slash.
    pub fn url(&self) -> String {
        let scheme = if self.shared.identity.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port.number())
    }

    /// The TCP port, the same for the whole life of the server.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// SHA-256 of the certificate's DER in lower-case hex; `None` without TLS.
    pub fn certificate_sha256(&self) -> Option<String> {
        self.shared.identity.as_ref().map(Identity::sha256)
    }

    /// The certificate in DER, for clients that trust it as a root; `None` without TLS.
    pub fn certificate_der(&self) -> Option<Vec<u8>> {
        self.shared.identity.as_ref().map(|identity| identity.der.clone())
    }

    /// Every request that was read completely, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// How many requests went to paths that contain `part`.
    pub fn count(&self, part: &str) -> usize {
        self.requests().iter().filter(|request| request.path().contains(part)).count()
    }

    /// Forgets the recorded requests.
    pub fn clear_requests(&self) {
        lock(&self.shared.requests).clear();
    }

    /// HTTP bytes received so far.
    pub fn bytes_in(&self) -> u64 {
        self.shared.bytes_in.load(Ordering::SeqCst)
    }

    /// HTTP bytes sent so far.
    pub fn bytes_out(&self) -> u64 {
        self.shared.bytes_out.load(Ordering::SeqCst)
    }

    /// TCP connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Orders a fault; of several that hit a request the first ordered wins.
    pub fn fault(&self, rule: impl Into<FaultRule>) {
        lock(&self.shared.faults).push(rule.into());
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Sets who is told of every moment of every request, or nobody.
    pub fn watch(&self, watcher: Option<Watcher>) {
        *lock(&self.shared.watcher) = watcher;
    }

    /// Comes back when everything that was sent so far is dealt with: to be called when the client is
    /// dead, whose last bytes may still be waiting to be read.
    pub fn settle(&self) {
        let Ok(last) = TcpStream::connect(self.address()) else { return };
        let port = last.local_addr().map_or(0, |address| address.port());
        // Connections are accepted in their order, so all others were accepted before this one.
        while self.shared.last_peer.load(Ordering::SeqCst) != port {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(last);
        while self.shared.open.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Closes every connection and the listener: from now on connections are refused. Nobody else can
    /// take the port meanwhile.
    pub fn go_offline(&self) {
        let Some(online) = lock(&self.online).take() else {
            return;
        };
        online.stop.store(true, Ordering::SeqCst);
        // The accepting thread sleeps in accept; a connection of our own wakes it.
        let _ = TcpStream::connect(self.address());
        let Ok(connections) = online.accepting.join() else {
            return;
        };
        for (stream, _) in &connections {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        for (_, thread) in connections {
            let _ = thread.join();
        }
    }

    /// Listens again on the same port.
    ///
    /// # Panics
    /// If that cannot be.
    pub fn go_online(&self) {
        if lock(&self.online).as_ref().is_some_and(|online| online.stop.load(Ordering::SeqCst)) {
            // A fault closed the listener; its threads end here.
            self.go_offline();
        }
        let mut online = lock(&self.online);
        if online.is_none() {
            *online = Some(accept(Arc::clone(&self.shared), listen(&self.port)));
        }
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port.number()).into()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.go_offline();
    }
}

fn listen(port: &Port) -> TcpListener {
    // A port given back a moment ago may be busy as the near end of a closing connection.
    for _ in 0..100 {
        if let Ok(listener) = port.listen() {
            return listener;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("port {} is taken", port.number());
}

fn accept(shared: Arc<Shared>, listener: TcpListener) -> Online {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let accepting = std::thread::spawn(move || {
        let mut open: Vec<(TcpStream, JoinHandle<()>)> = Vec::new();
        while let Ok((tcp, peer)) = listener.accept() {
            if stopped.load(Ordering::SeqCst) {
                break;
            }
            open.retain(|(_, thread)| !thread.is_finished());
            let Ok(copy) = tcp.try_clone() else {
                continue;
            };
            let _ = tcp.set_nodelay(true);
            let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
            shared.open.fetch_add(1, Ordering::SeqCst);
            shared.last_peer.store(peer.port(), Ordering::SeqCst);
            let (shared, stop) = (Arc::clone(&shared), Arc::clone(&stopped));
            let thread = std::thread::spawn(move || {
                let ends = tcp.try_clone();
                let connection =
                    Connection { shared: &shared, stop: &stop, tcp, source: peer.ip(), number };
                connection.serve();
                // The acceptor keeps a copy of the socket, so dropping ours would not close it.
                if let Ok(stream) = ends {
                    let _ = stream.shutdown(std::net::Shutdown::Both);
                }
                shared.open.fetch_sub(1, Ordering::SeqCst);
            });
            open.push((copy, thread));
        }
        open
    });
    Online { stop, accepting }
}
