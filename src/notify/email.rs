//! A message as e-mail, over SMTP.
//!
//! One conversation, step by step rather than by the library's own transport: that one gives up when a
//! single receiver is refused, and does not say whether a login was refused or nobody answered.

use std::fmt;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MimeVersion};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use sha2::{Digest, Sha256};

use super::channel::{LIMIT, Undelivered, within};
use super::hello;
use super::message::Message;
use crate::config::{MailTls, NotifyEmail};
use crate::engine::gather::LoginResult;
use crate::exit::Exit;
use crate::model::visible;
use crate::net::words;
use crate::text::hex::hex;

/// The longest part of a mail server's answer that is quoted.
const QUOTED: usize = 160;

/// Sends the message to every receiver in one go. `computer` is this computer's name.
pub(super) fn send(
    config: &NotifyEmail,
    message: &Message,
    now: DateTime<Utc>,
    computer: Option<&str>,
) -> Result<(), Undelivered> {
    let call = Call::of(config, letter(config, message, now)?, computer);
    match within(LIMIT, move || call.make()) {
        Some(Ok(refused)) => match refused.as_slice() {
            [] => Ok(()),
            refused => Err(not_for_all(config, refused)),
        },
        Some(Err(stopped)) => Err(not_taken(config, &stopped)),
        None => {
            let limit = LIMIT.as_secs();
            Err(Undelivered::new(
                format!("{} did not take the mail within {limit} seconds", host(config)),
                "see that smtp in [notify.email] is right and that the mail server runs",
                Exit::Temporary,
            ))
        }
    }
}

fn host(config: &NotifyEmail) -> &str {
    config.smtp.host_str().unwrap_or("?")
}

fn letter(
    config: &NotifyEmail,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<lettre::Message, Undelivered> {
    let mailbox = |text: &str| {
        let address: Result<Address, _> = text.parse();
        address.map(|address| Mailbox::new(None, address)).map_err(|error| {
            let text = format!("an address cannot be used: {error}");
            Undelivered::new(text, "correct from and to in [notify.email]", Exit::Config)
        })
    };
    let from = mailbox(&config.from)?;
    // The same message at the same moment is the same letter, and a mail program that got it twice
    // may show it once.
    let digest = Sha256::digest(message.text.as_bytes());
    let digest = hex(digest.get(..8).unwrap_or_default());
    let id = format!("<{}.{digest}@{}>", now.timestamp(), from.email.domain());
    let mut letter = lettre::Message::builder()
        .from(from)
        .subject(message.subject.clone())
        .date(SystemTime::from(now))
        .message_id(Some(id));
    for receiver in &config.to {
        letter = letter.to(mailbox(receiver)?);
    }
    let unfit = |error: &dyn fmt::Display| {
        let text = format!("the mail could not be written: {error}");
        Undelivered::new(text, "please report it", Exit::Bug)
    };
    // Without the version none of the other headers about the content counts. Source: RFC 2045 section 4.
    let mut letter = letter
        .header(MimeVersion::new(1, 0))
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|error| unfit(&error))?;
    // Source: RFC 3834 section 5. Keeps "out of the office" answers away.
    let name =
        HeaderName::new_from_ascii("Auto-Submitted".to_owned()).map_err(|error| unfit(&error))?;
    letter.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
    Ok(letter)
}

/// A conversation that ended before the mail was taken.
struct Stopped {
    at: Step,
    error: smtp::Error,
}

/// How far a conversation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Connecting, TLS and the first words.
    Greeting,
    Login,
    /// Sender, receivers, the mail itself.
    Mail,
}

fn at(step: Step) -> impl Fn(smtp::Error) -> Stopped {
    move |error| Stopped { at: step, error }
}

/// A receiver, by the place under `to`, whom the server refused.
type Refused = (usize, smtp::Error);

/// All that a conversation needs.
struct Call {
    host: String,
    port: u16,
    tls: MailTls,
    login: Option<Credentials>,
    hello: ClientId,
    letter: lettre::Message,
}

impl Call {
    fn of(config: &NotifyEmail, letter: lettre::Message, computer: Option<&str>) -> Self {
        let host = host(config).trim_start_matches('[').trim_end_matches(']').to_owned();
        let usual_port = match config.tls {
            MailTls::FromTheStart => 465,
            MailTls::StartTls => 587,
            MailTls::Off => 25,
        };
        let port = config.smtp.port().unwrap_or(usual_port);
        let login = config.username.clone().zip(config.password.as_ref());
        let login = login.map(|(user, password)| Credentials::new(user, password.expose().into()));
        let hello = hello::name(computer, (&host, port));
        Self { host, port, tls: config.tls, login, hello, letter }
    }

    fn make(self) -> Result<Vec<Refused>, Stopped> {
        let greeting = at(Step::Greeting);
        let tls = TlsParameters::new_rustls(self.host.clone()).map_err(&greeting)?;
        let from_start = (self.tls == MailTls::FromTheStart).then_some(&tls);
        let server = (self.host.as_str(), self.port);
        let mut connection =
            SmtpConnection::connect(server, Some(LIMIT), &self.hello, from_start, None)
                .map_err(&greeting)?;
        if self.tls == MailTls::StartTls {
            connection.starttls(&tls, &self.hello).map_err(&greeting)?;
        }
        let sent = self
            .login(&mut connection)
            .and_then(|()| deliver(&mut connection, &self.letter).map_err(at(Step::Mail)));
        // Says goodbye, whatever came of it.
        connection.abort();
        sent
    }

    fn login(&self, connection: &mut SmtpConnection) -> Result<(), Stopped> {
        let Some(login) = &self.login else { return Ok(()) };
        let answer = connection.auth(&[Mechanism::Plain, Mechanism::Login], login);
        answer.map(|_| ()).map_err(at(Step::Login))
    }
}

/// Hands over the letter for every receiver whom the server takes; gives the others.
///
/// # Errors
/// When it takes none of them: that which may pass by itself, where there is one.
fn deliver(
    connection: &mut SmtpConnection,
    letter: &lettre::Message,
) -> Result<Vec<Refused>, smtp::Error> {
    let (envelope, bytes) = (letter.envelope(), letter.formatted());
    let supports = |feature| connection.server_info().supports_feature(feature);
    let mut options = Vec::new();
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.to().iter().chain(envelope.from()).all(is_ascii)
        && supports(Extension::SmtpUtfEight)
    {
        options.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() && supports(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    connection.command(Mail::new(envelope.from().cloned(), options))?;
    let mut refused = Vec::new();
    for (place, receiver) in envelope.to().iter().enumerate() {
        match connection.command(Rcpt::new(receiver.clone(), Vec::new())) {
            Ok(_) => {}
            Err(error) if error.status().is_some() => refused.push((place, error)),
            Err(error) => return Err(error),
        }
    }
    if refused.len() == envelope.to().len() {
        let passing = refused.iter().position(|(_, error)| error.is_transient()).unwrap_or(0);
        if passing < refused.len() {
            return Err(refused.swap_remove(passing).1);
        }
    }
    connection.command(Data)?;
    connection.message(&bytes)?;
    Ok(refused)
}

/// A server's words, fit to be shown.
fn quoted(config: &NotifyEmail, error: &smtp::Error) -> String {
    let mut answer = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let (text, words) = (cause.to_string(), words::of_cause(cause));
        answer = answer.replace(&text, &words);
        if !answer.contains(&words) {
            answer = format!("{answer}: {words}");
        }
        source = cause.source();
    }
    let is_secret = config.password.as_ref().is_some_and(|one| answer.contains(one.expose()));
    visible(if is_secret { "(its answer is not shown)" } else { &answer }, QUOTED)
}

fn not_for_all(config: &NotifyEmail, refused: &[Refused]) -> Undelivered {
    // By their places: an address is nobody's business in a log.
    let who: Vec<String> = refused.iter().map(|(place, _)| (place + 1).to_string()).collect();
    let answer = refused.first().map(|(_, error)| quoted(config, error)).unwrap_or_default();
    Undelivered {
        text: format!(
            "{} took the mail, but not for receiver {} of {} under `to`: {answer}",
            host(config),
            who.join(", "),
            config.to.len()
        ),
        hint: "correct to in [notify.email]; the others have got it",
        exit: Exit::PartFailed,
        is_delivered: true,
        login: LoginResult::Worked,
    }
}

fn not_taken(config: &NotifyEmail, stopped: &Stopped) -> Undelivered {
    let (host, error) = (host(config), &stopped.error);
    let answer = quoted(config, error);
    let is_tls = error.is_tls() || answer.contains("certificate");
    let code = error.status().map(u16::from);
    let (text, hint, exit) = match (stopped.at, code) {
        (Step::Login, Some(500..)) | (_, Some(530 | 534 | 535 | 538)) => (
            format!("{host} refused the login: {answer}"),
            "correct username and password in [notify.email]",
            Exit::Login,
        ),
        (_, Some(500..)) => (
            format!("{host} refused the mail: {answer}"),
            "see that from and to in [notify.email] are right, and that this login may send from it",
            Exit::PartFailed,
        ),
        (_, Some(_)) => (
            format!("{host} does not take the mail now: {answer}"),
            "it is tried again by the next run",
            Exit::Temporary,
        ),
        (Step::Greeting, None) if is_tls || error.is_client() => (
            format!("the connection to {host} cannot be protected: {answer}"),
            "see smtp and tls in [notify.email]: smtps:// or smtp://, the right port, and a \
             certificate that this computer trusts",
            Exit::Temporary,
        ),
        (Step::Login, None) if error.is_client() => (
            format!("{host} offers no way to log in that is known here (PLAIN, LOGIN): {answer}"),
            "see that tls in [notify.email] is right, or leave username and password out",
            Exit::PartFailed,
        ),
        // The library names only what stands before the first byte so.
        (Step::Greeting, None) if answer.starts_with("Connection error") => (
            format!("{host} could not be reached: {answer}"),
            "see that smtp in [notify.email] is right and that the mail server runs",
            Exit::Temporary,
        ),
        // An answer of nothing is a connection that was closed.
        (_, None) if error.is_response() && !answer.contains("incomplete") => (
            format!("{host} answered, but not as a mail server does: {answer}"),
            "see that smtp in [notify.email] has the right port",
            Exit::Temporary,
        ),
        (_, None) => (
            format!("{host} answered, and then broke off: {answer}"),
            "it is tried again by the next run; see that smtp in [notify.email] is right",
            Exit::Temporary,
        ),
    };
    // Whoever speaks of the mail has taken the login; before it, nothing was learnt of that.
    let login = match (stopped.at, exit) {
        (Step::Login | Step::Mail, Exit::Login) => LoginResult::Refused,
        (Step::Mail, _) => LoginResult::Worked,
        (Step::Greeting | Step::Login, _) => LoginResult::NotTried,
    };
    Undelivered { login, ..Undelivered::new(text, hint, exit) }
}
