//! A server that records what it is asked, checks every signature, and answers what a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::config::Secret;
use crate::connectors::hikcentral::sign::{Signed, content_md5};

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: String,
    pub(super) at: Instant,
}

impl Request {
    pub(super) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(super) fn path(&self) -> &str {
        self.line().split(' ').nth(1).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Whether the signature fits what came over the wire.
    pub(super) fn is_signed_with(&self, secret: &str) -> bool {
        let md5 = self.header("content-md5").map(|_| content_md5(self.body.as_bytes()));
        let names = self.header("x-ca-signature-headers").unwrap_or_default();
        let headers: Vec<_> =
            names.split(',').map(|name| (name, self.header(name).unwrap_or_default())).collect();
        let signed = Signed {
            method: self.line().split(' ').next().unwrap(),
            accept: self.header("accept"),
            content_md5: md5.as_deref(),
            content_type: self.header("content-type"),
            date: self.header("date"),
            headers: &headers,
            path: self.path(),
            parameters: &[],
        };
        let signature = signed.signature(&Secret::new(secret.to_owned())).unwrap();
        self.header("x-ca-signature") == Some(signature.as_str())
    }
}

/// What to do with a request.
pub(super) enum Reply {
    Send(Vec<u8>),
    SendAndClose(Vec<u8>),
    Drop,
    Silence,
}

pub(super) fn answer(status: &str, headers: &str, body: &[u8]) -> Reply {
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len())
        .into_bytes();
    bytes.extend(body);
    Reply::Send(bytes)
}

/// An answer as platforms give it: HTTP 200, whatever it says.
pub(super) fn said(body: &str) -> Reply {
    answer("200 OK", "Content-Type: application/json\r\n", body.as_bytes())
}

pub(super) struct Server {
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

type Handler = Box<dyn Fn(usize, &Request) -> Reply + Send>;

impl Server {
    /// `handler` is told how many requests came before.
    pub(super) fn new(handler: impl Fn(usize, &Request) -> Reply + Send + 'static) -> Self {
        Self::start(handler, None)
    }

    pub(super) fn with_tls(
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
            for stream in listener.incoming().flatten() {
                let (handler, log, tls) = (Arc::clone(&handler), Arc::clone(&log), tls.clone());
                std::thread::spawn(move || serve(stream, tls, &handler, &log));
            }
        });
        Self { url, requests }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

fn serve(
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    handler: &Mutex<Handler>,
    log: &Mutex<Vec<Request>>,
) {
    let stream: Box<dyn Both> = match tls {
        None => Box::new(stream),
        Some(config) => {
            let connection = rustls::ServerConnection::new(config).unwrap();
            Box::new(rustls::StreamOwned::new(connection, stream))
        }
    };
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream) {
        let before = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            log.len() - 1
        };
        let reply = handler.lock().unwrap()(before, &request);
        let out = stream.get_mut();
        match reply {
            Reply::Send(bytes) => {
                if out.write_all(&bytes).and_then(|()| out.flush()).is_err() {
                    return;
                }
            }
            Reply::SendAndClose(bytes) => {
                let _ = out.write_all(&bytes).and_then(|()| out.flush());
                return;
            }
            Reply::Drop => return,
            Reply::Silence => std::thread::sleep(Duration::from_secs(3)),
        }
    }
}

fn read_request(stream: &mut impl BufRead) -> Option<Request> {
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
    let mut request = Request { head, body: String::new(), at: Instant::now() };
    assert_eq!(request.header("transfer-encoding"), None, "bodies have a length");
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}
