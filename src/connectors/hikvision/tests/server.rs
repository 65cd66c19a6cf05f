//! A server that records what it is asked and answers what a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use digest_auth::{AuthContext, AuthorizationHeader};

use super::{CHALLENGE, PASSWORD};

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: String,
    /// Which connection it came on, counted from 0.
    pub(super) connection: usize,
}

impl Request {
    pub(super) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// How often the nonce was answered, as the login says.
    pub(super) fn nc(&self) -> Option<u32> {
        let text = self.header("authorization")?;
        Some(AuthorizationHeader::parse(text).unwrap().nc)
    }

    /// Whether the login is right for this request.
    pub(super) fn is_logged_in(&self) -> bool {
        let Some(text) = self.header("authorization") else { return false };
        let mut line = self.line().split(' ');
        let (method, uri) = (line.next().unwrap(), line.next().unwrap());
        let given = AuthorizationHeader::parse(text).unwrap();
        assert_eq!((given.uri.as_str(), given.username.as_str()), (uri, "admin"), "{text}");
        let mut computed = given.clone();
        computed.digest(&AuthContext::new_with_method(
            "admin",
            PASSWORD,
            uri,
            None::<&[u8]>,
            method.into(),
        ));
        computed.response == given.response
    }
}

/// What to do with a request.
pub(super) enum Reply {
    Send(String),
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

pub(super) fn answer(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Send(format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

pub(super) fn ok(body: &str) -> Reply {
    answer("200 OK", "Content-Type: application/json\r\n", body)
}

pub(super) fn unauthorized(challenge: &str, body: &str) -> Reply {
    answer("401 Unauthorized", &format!("WWW-Authenticate: {challenge}\r\n"), body)
}

/// Asks every request without a login for one; answers the right login with `body(n)`, where `n`
/// counts logins, and a wrong one with 401.
pub(super) fn device(body: impl Fn(usize, &Request) -> Reply + Send + 'static) -> Server {
    let logins = Mutex::new(0);
    Server::new(move |request| {
        if !request.is_logged_in() {
            return unauthorized(
                CHALLENGE,
                include_str!("../../../../tests/fixtures/hikvision/user-check-401.xml"),
            );
        }
        let mut logins = logins.lock().unwrap();
        *logins += 1;
        body(*logins - 1, request)
    })
}

pub(super) struct Server {
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

type Handler = Box<dyn Fn(&Request) -> Reply + Send>;

impl Server {
    pub(super) fn new(handler: impl Fn(&Request) -> Reply + Send + 'static) -> Self {
        Self::start(handler, None)
    }

    pub(super) fn with_tls(
        tls: Arc<rustls::ServerConfig>,
        handler: impl Fn(&Request) -> Reply + Send + 'static,
    ) -> Self {
        Self::start(handler, Some(tls))
    }

    fn start(
        handler: impl Fn(&Request) -> Reply + Send + 'static,
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

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(super) fn logins(&self) -> usize {
        self.requests().iter().filter(|request| request.header("authorization").is_some()).count()
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
        log.lock().unwrap().push(request.clone());
        let reply = handler.lock().unwrap()(&request);
        let out = stream.get_mut();
        let closes =
            request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        match reply {
            Reply::Send(text) => {
                if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() || closes {
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
    let mut request = Request { head, body: String::new(), connection };
    assert_eq!(request.header("transfer-encoding"), None, "bodies have a length");
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}
