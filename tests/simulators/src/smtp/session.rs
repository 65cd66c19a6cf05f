//! One connection. Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH).

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Mail, Shared, Switches};
use crate::base64;
use crate::lock;

/// No line is longer, its end included. Source: RFC 5321 section 4.5.3.1.6.
const LINE_MAX: usize = 1000;
/// A client that says nothing for so long is gone.
const SILENCE_MAX: Duration = Duration::from_secs(60);

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    fn secured(self, config: &Arc<ServerConfig>) -> Option<Self> {
        let Self::Plain(tcp) = self else { return None };
        let session = ServerConnection::new(Arc::clone(config)).ok()?;
        Some(Self::Tls(Box::new(StreamOwned::new(session, tcp))))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// What a client has said so far.
#[derive(Default)]
struct Session {
    has_greeted: bool,
    is_secured: bool,
    login: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// What comes after an answer.
enum Next {
    Go,
    Secure,
    End,
}

/// Serves one client to its end.
pub(super) fn serve(shared: &Shared, tcp: TcpStream) {
    let _ = tcp.set_read_timeout(Some(SILENCE_MAX));
    if lock(&shared.switches).is_down {
        return;
    }
    let mut stream = Stream::Plain(tcp);
    let mut session = Session::default();
    if shared.settings.is_tls_from_the_start
        && let Some(identity) = &shared.identity
    {
        let Some(secured) = stream.secured(&identity.config) else { return };
        stream = secured;
        session.is_secured = true;
    }
    // An error is a client that went away.
    let _ = talk(shared, stream, session);
}

fn talk(shared: &Shared, mut stream: Stream, mut session: Session) -> io::Result<()> {
    if lock(&shared.switches).is_another_service {
        return say(&mut stream, "HTTP/1.1 400 Bad Request");
    }
    if lock(&shared.switches).serves_nobody {
        return say(&mut stream, "554 no service here");
    }
    say(&mut stream, "220 mail.example ESMTP")?;
    loop {
        let Some(line) = line(shared, &mut stream)? else { return Ok(()) };
        match answer(shared, &mut stream, &mut session, &line)? {
            Next::Go => {}
            Next::End => return Ok(()),
            Next::Secure => {
                let Some(identity) = &shared.identity else { return Ok(()) };
                let Some(secured) = stream.secured(&identity.config) else { return Ok(()) };
                stream = secured;
                // Everything said before counts no more. Source: RFC 3207 section 4.2.
                session = Session { is_secured: true, ..Session::default() };
            }
        }
    }
}

fn say(stream: &mut Stream, text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes())?;
    stream.flush()
}

/// One line without its end; `None` when the client is gone.
fn line(shared: &Shared, stream: &mut Stream) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while stream.read(&mut one)? == 1 {
        bytes.push(one[0]);
        if one[0] == b'\n' {
            if !bytes.ends_with(b"\r\n") {
                shared.violation("bare-line-feed");
            }
            if bytes.len() > LINE_MAX {
                shared.violation(format!("long-line: {}", bytes.len()));
            }
            let text = String::from_utf8_lossy(&bytes);
            return Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()));
        }
    }
    Ok(None)
}

fn answer(
    shared: &Shared,
    stream: &mut Stream,
    session: &mut Session,
    line: &str,
) -> io::Result<Next> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let switches = *lock(&shared.switches);
    let can_secure = shared.identity.is_some() && !session.is_secured && !switches.hides_starttls;
    match verb.to_ascii_uppercase().as_str() {
        "EHLO" => {
            session.has_greeted = true;
            lock(&shared.hellos).push(rest.to_owned());
            // Source: RFC 5321 section 4.1.4: a name or an address of its own.
            if rest.is_empty() || rest == "[127.0.0.1]" || rest.starts_with("localhost") {
                shared.violation(format!("hello: {rest}"));
            }
            let mut lines = vec!["mail.example".to_owned(), "8BITMIME".to_owned()];
            if can_secure {
                lines.push("STARTTLS".to_owned());
            }
            if shared.settings.login.is_some() {
                lines.push("AUTH PLAIN LOGIN".to_owned());
            }
            let last = lines.len() - 1;
            for (place, text) in lines.iter().enumerate() {
                let dash = if place == last { ' ' } else { '-' };
                say(stream, &format!("250{dash}{text}"))?;
            }
        }
        "STARTTLS" if can_secure => {
            say(stream, "220 go ahead")?;
            return Ok(Next::Secure);
        }
        "AUTH" => login(shared, stream, session, rest, switches)?,
        "MAIL" => sender(shared, stream, session, rest, switches)?,
        "RCPT" => receiver(shared, stream, session, rest, switches)?,
        "DATA" => return data(shared, stream, session, switches),
        "RSET" | "NOOP" => say(stream, "250 as you wish")?,
        "QUIT" => {
            say(stream, "221 goodbye")?;
            return Ok(Next::End);
        }
        _ => {
            shared.violation(format!("unknown-command: {verb}"));
            say(stream, "502 what?")?;
        }
    }
    Ok(Next::Go)
}

fn login(
    shared: &Shared,
    stream: &mut Stream,
    session: &mut Session,
    rest: &str,
    switches: Switches,
) -> io::Result<()> {
    *lock(&shared.logins) += 1;
    if shared.identity.is_some() && !session.is_secured {
        shared.violation("login-in-the-clear");
    }
    let (mechanism, first) = rest.split_once(' ').unwrap_or((rest, ""));
    let decoded = |text: &str| {
        let bytes = base64::decode(text).unwrap_or_else(|| {
            shared.violation("base64");
            Vec::new()
        });
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let given = match mechanism.to_ascii_uppercase().as_str() {
        "PLAIN" => {
            let text = decoded(first);
            let mut parts = text.split('\0').skip(1).map(str::to_owned);
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
        }
        "LOGIN" => {
            let mut ask = |prompt: &str| -> io::Result<String> {
                say(stream, &format!("334 {prompt}"))?;
                Ok(decoded(&line(shared, stream)?.unwrap_or_default()))
            };
            (ask("VXNlcm5hbWU6")?, ask("UGFzc3dvcmQ6")?)
        }
        other => {
            shared.violation(format!("unknown-mechanism: {other}"));
            return say(stream, "504 not here");
        }
    };
    if switches.refuses_login || shared.settings.login.as_ref() != Some(&given) {
        return say(stream, "535 5.7.8 authentication failed");
    }
    session.login = Some(given.0);
    say(stream, "235 welcome")
}

/// What stands between `FROM:<` or `TO:<` and `>`.
fn address(rest: &str, word: &str) -> Option<String> {
    let (start, rest) = rest.split_at_checked(word.len())?;
    let (address, _) = rest.strip_prefix('<')?.split_once('>')?;
    start.eq_ignore_ascii_case(word).then(|| address.to_owned())
}

fn sender(
    shared: &Shared,
    stream: &mut Stream,
    session: &mut Session,
    rest: &str,
    switches: Switches,
) -> io::Result<()> {
    if !session.has_greeted || session.from.is_some() {
        shared.violation("mail-out-of-order");
    }
    if shared.settings.login.is_some() && session.login.is_none() {
        return say(stream, "530 5.7.0 log in first");
    }
    if switches.refuses_sender {
        return say(stream, "550 5.7.1 not from here");
    }
    let Some(from) = address(rest, "FROM:") else {
        shared.violation(format!("mail-syntax: {rest}"));
        return say(stream, "501 syntax");
    };
    session.from = Some(from);
    say(stream, "250 sender ok")
}

fn receiver(
    shared: &Shared,
    stream: &mut Stream,
    session: &mut Session,
    rest: &str,
    switches: Switches,
) -> io::Result<()> {
    if session.from.is_none() {
        shared.violation("rcpt-out-of-order");
    }
    let is_greylisted = {
        let mut switches = lock(&shared.switches);
        let is_greylisted = switches.greylists > 0;
        switches.greylists = switches.greylists.saturating_sub(1);
        is_greylisted
    };
    if is_greylisted {
        return say(stream, "450 4.2.0 greylisted, try again later");
    }
    match address(rest, "TO:") {
        Some(to) if switches.refuses_receiver == Some(to.as_str()) => {
            say(stream, "550 5.1.1 no such mailbox")
        }
        Some(to) => {
            session.to.push(to);
            say(stream, "250 receiver ok")
        }
        None => {
            shared.violation(format!("rcpt-syntax: {rest}"));
            say(stream, "501 syntax")
        }
    }
}

fn data(
    shared: &Shared,
    stream: &mut Stream,
    session: &mut Session,
    switches: Switches,
) -> io::Result<Next> {
    if session.from.is_none() || session.to.is_empty() {
        shared.violation("data-out-of-order");
        say(stream, "503 who to?")?;
        return Ok(Next::Go);
    }
    say(stream, "354 go on")?;
    let mut text = String::new();
    let mut lines = 0;
    loop {
        let Some(line) = line(shared, stream)? else { return Ok(Next::End) };
        if line == "." {
            break;
        }
        lines += 1;
        if switches.drops_in_the_middle && lines > 3 {
            return Ok(Next::End);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        text.push_str("\r\n");
    }
    if switches.stalls {
        // Until the client goes away.
        while line(shared, stream)?.is_some() {}
        return Ok(Next::End);
    }
    let mail = Mail {
        from: session.from.take().unwrap_or_default(),
        to: std::mem::take(&mut session.to),
        text,
        is_secured: session.is_secured,
        login: session.login.clone(),
    };
    mail.violations().into_iter().for_each(|what| shared.violation(what));
    lock(&shared.mails).push(mail);
    say(stream, "250 taken")?;
    Ok(Next::Go)
}
