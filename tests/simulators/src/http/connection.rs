//! Serves one connection: read a request, ask the handler, write the answer, with faults.

use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::fault::{Fault, Step};
use super::in_flight::peer_gone;
use super::message::{Reply, Request, Response, reason};
use super::read::{Incoming, ReadError};
use super::tls::{Stream, old_hello};
use super::{Moment, Shared};
use crate::lock;

/// How long an idle connection is kept: what devices announce.
const IDLE_TIME_MAX: Duration = Duration::from_secs(10);
/// How often a pause looks whether the peer is gone or the server stops.
const PAUSE_STEP: Duration = Duration::from_millis(5);
/// Where endless headers end after all, so that a forgotten test does not run for ever.
const ENDLESS_SIZE_MAX: u64 = 1 << 30;

/// One accepted connection.
pub(super) struct Connection<'a> {
    pub(super) shared: &'a Shared,
    pub(super) stop: &'a AtomicBool,
    pub(super) tcp: TcpStream,
    pub(super) source: IpAddr,
    pub(super) number: u64,
}

/// Whether the connection may carry another request.
type More = io::Result<bool>;

impl Connection<'_> {
    /// Serves requests until either side closes.
    pub(super) fn serve(self) {
        let Ok(copy) = self.tcp.try_clone() else {
            return;
        };
        let shared = self.shared;
        if shared.identity.as_ref().is_some_and(|identity| identity.is_old) {
            let (mut hello, mut tcp) = ([0; 512], &self.tcp);
            // Whatever the client says, the answer is the same.
            let _ = tcp.read(&mut hello).and_then(|_| tcp.write_all(&old_hello()));
            // Closed only after the client, which has something to say about it.
            let _ = self.tcp.set_read_timeout(Some(IDLE_TIME_MAX));
            let _ = tcp.read(&mut hello);
            return;
        }
        let config = shared.identity.as_ref().map(|identity| &identity.config);
        let Some(mut stream) = Stream::new(copy, config, &shared.bytes_in, &shared.bytes_out)
        else {
            return;
        };
        let mut ahead = Vec::new();
        while let Ok(true) = self.exchange(&mut stream, &mut ahead) {}
        self.shared.in_flight.leave(self.number);
        stream.close();
    }

    fn exchange(&self, stream: &mut Stream<'_>, ahead: &mut Vec<u8>) -> More {
        let shared = self.shared;
        let _ = self.tcp.set_read_timeout(Some(Duration::from_millis(500)));
        let mut incoming = Incoming::new(stream, ahead, self.stop);
        if !incoming.wait(IDLE_TIME_MAX) {
            return Ok(false);
        }
        let tls = shared.identity.is_some();
        let others = shared.in_flight.enter(self.number, &self.tcp, tls);
        let request = match self.read(&mut incoming, others) {
            Ok(request) => request,
            Err(ReadError::Gone) => return Ok(false),
            Err(ReadError::Malformed(problem)) => {
                shared.handler.malformed(&problem);
                let answer = Response::new(400, "text/plain", problem);
                return self.write(stream, &answer, false, &None);
            }
        };
        if !shared.goes_on(Moment::Read) {
            return Ok(self.give_up());
        }
        lock(&shared.requests).push(request.clone());
        let fault = shared.fault_for(&request);
        let _turn = shared.handler.one_at_a_time().then(|| lock(&shared.turn));
        self.respond(stream, &request, fault)
    }

    fn read(
        &self,
        incoming: &mut Incoming<'_, Stream<'_>>,
        others_in_flight: usize,
    ) -> Result<Request, ReadError> {
        let head = incoming.head()?;
        if !self.shared.goes_on(Moment::Arrived) {
            return Err(ReadError::Gone);
        }
        Ok(Request {
            body: incoming.body(head.framing)?,
            method: head.method,
            target: head.target,
            headers: head.headers,
            framing: head.framing,
            at: crate::clock::real_now(),
            connection: self.number,
            others_in_flight,
            source: self.source,
        })
    }

    fn respond(&self, stream: &mut Stream<'_>, request: &Request, fault: Option<Fault>) -> More {
        let instead = match &fault {
            Some(Fault::DropBefore) => return Ok(self.give_up()),
            Some(Fault::EndlessHeaders) => return self.endless(stream),
            Some(Fault::HugeBody(size)) => return self.huge(stream, *size),
            Some(Fault::Wire(steps)) => return self.wire(stream, steps),
            Some(Fault::Raw { status, headers, body }) => Some(Response {
                headers: headers.clone(),
                body: body.clone().into(),
                ..Response::empty(*status)
            }),
            Some(Fault::Redirect(to)) => Some(Response::empty(302).with_header("Location", to)),
            _ => None,
        };
        let reply = match instead {
            Some(answer) => Reply::Answer(answer),
            None => self.shared.handler.answer(request),
        };
        if !self.shared.goes_on(Moment::CarriedOut) {
            return Ok(self.give_up());
        }
        let answer = match reply {
            Reply::Answer(answer) => answer,
            Reply::Drop => return Ok(self.give_up()),
            Reply::Silence => {
                while self.pause(Duration::from_secs(1)) {}
                return Ok(self.give_up());
            }
        };
        match &fault {
            Some(Fault::DropAfter) => return Ok(self.give_up()),
            Some(Fault::Delay(time)) if !self.pause(*time) => return Ok(self.give_up()),
            Some(Fault::GoOffline) => self.close_listener(),
            _ => {}
        }
        let closes =
            request.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        self.write(stream, &answer, answer.keep_alive && !closes, &fault)
    }

    fn write(
        &self,
        stream: &mut Stream<'_>,
        answer: &Response,
        keep: bool,
        fault: &Option<Fault>,
    ) -> More {
        let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut body: &[u8] = &answer.body;
        let chunked;
        let framing = match fault {
            Some(Fault::Chunked) => {
                chunked = chunks(body);
                body = &chunked;
                "Transfer-Encoding: chunked\r\n".to_owned()
            }
            Some(Fault::WrongContentLength(by)) => {
                format!("Content-Length: {}\r\n", body.len() as i64 + by)
            }
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        let told =
            |name: &str| answer.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        if !told("Content-Length") {
            head.push_str(&framing);
        }
        if !told("Connection") {
            head.push_str(if keep {
                "Connection: keep-alive\r\n"
            } else {
                "Connection: close\r\n"
            });
        }
        head.push_str("\r\n");
        if let Some(Fault::CutBody(size)) = fault {
            body = &body[..body.len().min(*size)];
        }
        if let Some(Fault::Drip { size, pause }) = fault {
            return self.drip(stream, &[head.as_bytes(), body].concat(), *size, *pause);
        }
        // All but the last byte, then out of the books, then the last byte.
        let (last, rest) = match body.split_last() {
            Some((last, rest)) => {
                stream.write_all(head.as_bytes())?;
                (std::slice::from_ref(last), rest)
            }
            None => {
                let (rest, last) = head.as_bytes().split_at(head.len() - 1);
                (last, rest)
            }
        };
        let (first, second) = rest.split_at(rest.len() / 2);
        stream.write_all(first)?;
        if !self.shared.goes_on(Moment::HalfAnswered) {
            return Ok(self.give_up());
        }
        stream.write_all(second)?;
        self.shared.in_flight.leave(self.number);
        stream.write_all(last)?;
        stream.flush()?;
        if !self.shared.goes_on(Moment::Answered) {
            return Ok(false);
        }
        if let Some(after) = answer.closes_after {
            std::thread::sleep(after);
            return Ok(false);
        }
        Ok(keep && !matches!(fault, Some(Fault::CutBody(_) | Fault::WrongContentLength(_))))
    }

    fn drip(&self, stream: &mut Stream<'_>, bytes: &[u8], size: usize, pause: Duration) -> More {
        let mut pieces = bytes.chunks(size.max(1)).peekable();
        while let Some(piece) = pieces.next() {
            if !self.pause(pause) {
                break;
            }
            if pieces.peek().is_none() {
                self.shared.in_flight.leave(self.number);
            }
            stream.write_all(piece)?;
            stream.flush()?;
        }
        Ok(self.give_up())
    }

    fn endless(&self, stream: &mut Stream<'_>) -> More {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        let line = format!("X-Filler: {}\r\n", "x".repeat(1000));
        let mut written = 0;
        while written < ENDLESS_SIZE_MAX && !self.stop.load(Ordering::SeqCst) {
            stream.write_all(line.as_bytes())?;
            written += line.len() as u64;
        }
        Ok(self.give_up())
    }

    fn huge(&self, stream: &mut Stream<'_>, size: u64) -> More {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        let block = [b' '; 64 * 1024];
        let mut left = size;
        while left > 0 && !self.stop.load(Ordering::SeqCst) {
            let count = left.min(block.len() as u64);
            left -= count;
            if left == 0 {
                self.shared.in_flight.leave(self.number);
            }
            stream.write_all(&block[..count as usize])?;
        }
        Ok(self.give_up())
    }

    fn wire(&self, stream: &mut Stream<'_>, steps: &[Step]) -> More {
        for step in steps {
            match step {
                Step::Send(bytes) => stream.write_all(bytes)?,
                Step::Repeat(bytes, times) => {
                    let mut left = *times;
                    while left > 0 && !self.stop.load(Ordering::SeqCst) {
                        stream.write_all(bytes)?;
                        left -= 1;
                    }
                }
                Step::Trickle(bytes, pause) => {
                    for byte in bytes {
                        if !self.pause(*pause) {
                            return Ok(self.give_up());
                        }
                        stream.write_all(&[*byte])?;
                        stream.flush()?;
                    }
                }
                Step::Hold => {
                    stream.flush()?;
                    while self.pause(Duration::from_secs(1)) {}
                }
            }
        }
        stream.flush()?;
        Ok(self.give_up())
    }

    /// Closes the listener and comes back when it is closed.
    fn close_listener(&self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Ok(address) = self.tcp.local_addr() {
            // The first connection wakes the accepting thread; once one is refused, it is gone.
            while TcpStream::connect(address).is_ok() {}
        }
    }

    /// Sleeps; `false` if the peer left or the server stops meanwhile.
    fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let tls = self.shared.identity.is_some();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            if self.stop.load(Ordering::SeqCst) || peer_gone(&self.tcp, tls) {
                return false;
            }
            std::thread::sleep(left.min(PAUSE_STEP));
        }
    }

    fn give_up(&self) -> bool {
        self.shared.in_flight.leave(self.number);
        false
    }
}

fn chunks(body: &[u8]) -> Vec<u8> {
    let mut coded = Vec::with_capacity(body.len() * 2);
    for chunk in body.chunks(7) {
        coded.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        coded.extend_from_slice(chunk);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(b"0\r\n\r\n");
    coded
}
