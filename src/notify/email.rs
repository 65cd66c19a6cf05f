//! A message as e-mail, over SMTP.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{self, SmtpTransport};
use lettre::{Address, Transport};
use sha2::{Digest, Sha256};

use super::channel::{LIMIT, NotTaken, within};
use super::message::Message;
use crate::config::{MailTls, NotifyEmail};
use crate::exit::Exit;
use crate::hex::hex;
use crate::model::visible;

/// The longest part of a mail server's answer that is quoted.
const QUOTED: usize = 160;

/// Sends the message to every receiver in one go.
pub(super) fn send(
    config: &NotifyEmail,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<(), NotTaken> {
    let mail = letter(config, message, now)?;
    let transport = transport(config).map_err(|error| not_taken(config, &error))?;
    match within(LIMIT, move || transport.send(&mail)) {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(not_taken(config, &error)),
        None => Err(NotTaken {
            text: format!(
                "{} did not take the mail within {} seconds",
                host(config),
                LIMIT.as_secs()
            ),
            hint: "see that smtp in [notify.email] is right and that the mail server runs",
            exit: Exit::Temporary,
        }),
    }
}

fn host(config: &NotifyEmail) -> &str {
    config.smtp.host_str().unwrap_or("?")
}

fn letter(
    config: &NotifyEmail,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<lettre::Message, NotTaken> {
    let mailbox = |text: &str| {
        let address: Result<Address, _> = text.parse();
        address.map(|address| Mailbox::new(None, address)).map_err(|error| NotTaken {
            text: format!("an address can not be used: {error}"),
            hint: "correct from and to in [notify.email]",
            exit: Exit::Config,
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
    let unfit = |what: String| NotTaken { text: what, hint: "please report it", exit: Exit::Bug };
    let mut letter = letter
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|error| unfit(format!("the mail could not be written: {error}")))?;
    // Source: RFC 3834 section 5. Keeps "out of the office" answers away.
    let name = HeaderName::new_from_ascii("Auto-Submitted".to_owned())
        .map_err(|error| unfit(format!("the mail could not be written: {error}")))?;
    letter.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
    Ok(letter)
}

fn transport(config: &NotifyEmail) -> Result<SmtpTransport, smtp::Error> {
    let host = host(config).trim_start_matches('[').trim_end_matches(']').to_owned();
    let (tls, usual_port) = match config.tls {
        MailTls::FromTheStart => (Tls::Wrapper(TlsParameters::new_rustls(host.clone())?), 465),
        MailTls::StartTls => (Tls::Required(TlsParameters::new_rustls(host.clone())?), 587),
        MailTls::Off => (Tls::None, 25),
    };
    let mut transport = SmtpTransport::builder_dangerous(host)
        .port(config.smtp.port().unwrap_or(usual_port))
        .tls(tls)
        .timeout(Some(LIMIT));
    if let (Some(username), Some(password)) = (&config.username, &config.password) {
        let login = Credentials::new(username.clone(), password.expose().to_owned());
        transport =
            transport.credentials(login).authentication(vec![Mechanism::Plain, Mechanism::Login]);
    }
    Ok(transport.build())
}

fn not_taken(config: &NotifyEmail, error: &smtp::Error) -> NotTaken {
    let host = host(config);
    let mut told = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        source = cause.source();
    }
    let is_secret = config.password.as_ref().is_some_and(|one| told.contains(one.expose()));
    let told = if is_secret { "(its answer is not shown)" } else { &told };
    let told = visible(told, QUOTED);
    let code = error.status().map(u16::from);
    let (text, hint, exit) = match code {
        Some(530 | 534 | 535 | 538) => (
            format!("{host} refused the login: {told}"),
            "correct username and password in [notify.email]",
            Exit::Login,
        ),
        Some(500..) => (
            format!("{host} refused the mail: {told}"),
            "see that from and to in [notify.email] are right, and that this login may send from it",
            Exit::PartFailed,
        ),
        Some(_) => (
            format!("{host} does not take the mail now: {told}"),
            "it is tried again by the next run",
            Exit::Temporary,
        ),
        None if error.is_tls() || told.contains("certificate") => (
            format!("the connection to {host} can not be protected: {told}"),
            "see smtp and tls in [notify.email]: smtps:// or smtp://, the right port, and a \
             certificate that this computer trusts",
            Exit::Temporary,
        ),
        None => (
            format!("{host} could not be reached: {told}"),
            "see that smtp in [notify.email] is right and that the mail server runs",
            Exit::Temporary,
        ),
    };
    NotTaken { text, hint, exit }
}
