//! A server for tests that records what it is asked and answers what a test says, byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
    /// Which connection it came on, counted from 0.
    pub(crate) connection: usize,
    pub(crate) at: Instant,
}

impl Request {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(crate) fn path(&self) -> &str {
        self.line().split(' ').nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What to do with a request.
pub(crate) enum Reply {
    Send(Vec<u8>),
    SendAndClose(Vec<u8>),
    /// Closes a moment after the answer, without having announced it.
    SendAndCloseLater(Vec<u8>),
    /// Sends this and then nothing more.
    SendAndHang(Vec<u8>),
    Drop,
    Silence,
    /// So many bytes at once, then one after each pause.
    Trickle {
        bytes: Vec<u8>,
        quick: usize,
        pause: Duration,
    },
    /// The same again and again, until the other side closes.
    Flood(Vec<u8>),
}

pub(crate) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    Reply::Send([head.as_bytes(), body].concat())
}

/// An answer in JSON with HTTP 200, whatever it says.
pub(crate) fn said(body: &str) -> Reply {
    answer("200 OK", "Content-Type: application/json\r\n", body)
}

pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

type Handler = Box<dyn Fn(usize, &Request) -> Reply + Send>;

impl Server {
    /// `handler` is told how many requests came before.
    pub(crate) fn new(handler: impl Fn(usize, &Request) -> Reply + Send + 'static) -> Self {
        Self::start(handler, None)
    }

    pub(crate) fn with_tls(
        tls: Arc<rustls::ServerConfig>,
        handler: impl Fn(usize, &Request) -> Reply + Send + 'static,
    ) -> Self {
        Self::start(handler, Some(tls))
    }

    fn start(
        handler: impl Fn(usize, &Request) -> Reply + Send + 'static,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let handler: Arc<Mutex<Handler>> = Arc::new(Mutex::new(Box::new(handler)));
        let log = Arc::clone(&requests);
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                let (handler, log, tls) = (Arc::clone(&handler), Arc::clone(&log), tls.clone());
                std::thread::spawn(move || serve(stream, tls, connection, &handler, &log));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    connection: usize,
    handler: &Mutex<Handler>,
    log: &Mutex<Vec<Request>>,
) {
    let stream: Box<dyn Both> = match tls {
        None => Box::new(stream),
        Some(config) => Box::new(rustls::StreamOwned::new(
            rustls::ServerConnection::new(config).unwrap(),
            stream,
        )),
    };
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream, connection) {
        let before = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            log.len() - 1
        };
        let reply = handler.lock().unwrap()(before, &request);
        let out = stream.get_mut();
        let closes =
            request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        match reply {
            Reply::Send(bytes) => {
                if out.write_all(&bytes).and_then(|()| out.flush()).is_err() || closes {
                    return;
                }
            }
            Reply::SendAndClose(bytes) => {
                let _ = out.write_all(&bytes).and_then(|()| out.flush());
                return;
            }
            Reply::SendAndCloseLater(bytes) => {
                let _ = out.write_all(&bytes).and_then(|()| out.flush());
                std::thread::sleep(Duration::from_millis(1));
                return;
            }
            Reply::SendAndHang(bytes) => {
                let _ = out.write_all(&bytes).and_then(|()| out.flush());
                std::thread::sleep(Duration::from_secs(3));
            }
            Reply::Trickle { bytes, quick, pause } => {
                let (at_once, rest) = bytes.split_at(quick);
                let mut sent = out.write_all(at_once).and_then(|()| out.flush());
                for byte in rest {
                    if sent.is_err() {
                        return;
                    }
                    std::thread::sleep(pause);
                    sent = out.write_all(&[*byte]).and_then(|()| out.flush());
                }
            }
            Reply::Flood(bytes) => {
                while out.write_all(&bytes).and_then(|()| out.flush()).is_ok() {}
                return;
            }
            Reply::Drop => return,
            Reply::Silence => std::thread::sleep(Duration::from_secs(3)),
        }
    }
}

fn read_request(stream: &mut impl BufRead, connection: usize) -> Option<Request> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut request = Request { head, body: String::new(), connection, at: Instant::now() };
    assert_eq!(request.header("transfer-encoding"), None, "bodies have a length");
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}
