//! `[notify]`: whom to tell, and how.

use super::problem::Wrong;
use super::schema::is_empty_list;
use super::secret_source::{self, Surroundings};
use super::section::{Section, text};
use super::{MailTls, Notify, NotifyEmail, NotifyWebhook, address, value};

/// `[notify]`. `None` only together with a noted problem.
pub(super) fn read(section: &Section<'_>, surroundings: &Surroundings<'_>) -> Option<Notify> {
    let heartbeat = section.text("heartbeat", address::web).optional();
    let email = section.section("email");
    let webhook = section.section("webhook");
    section.finish();
    let email = if email.is_given() {
        Some(read_email(&email, surroundings)?)
    } else {
        learn(&email, &["smtp", "tls", "username", "password", "from"]);
        None
    };
    let webhook = if webhook.is_given() {
        Some(read_webhook(&webhook, surroundings)?)
    } else {
        learn(&webhook, &["url", "token"]);
        None
    };
    Some(Notify { email, webhook, heartbeat })
}

/// Asks for the keys of a section that is not there, so that a misspelt variable gets a suggestion.
fn learn(section: &Section<'_>, keys: &[&'static str]) {
    for key in keys {
        section.find(key);
    }
}

/// `[notify.email]`.
fn read_email(section: &Section<'_>, surroundings: &Surroundings<'_>) -> Option<NotifyEmail> {
    let smtp = section.text("smtp", address::mail_server).required();
    let wants_tls = section.text("tls", wants_tls).optional();
    let has_username = section.find("username").is_some();
    let has_password = section.find("password").is_some();
    let username = section.text("username", value::not_empty).optional();
    let password = secret_source::read(section, "password", surroundings);
    match (has_username, has_password) {
        (true, false) => {
            section.wrong("password", Wrong::new("is missing, but there is a username"))
        }
        (false, true) => {
            section.wrong("username", Wrong::new("is missing, but there is a password"))
        }
        _ => {}
    }
    let from = section.text("from", value::mail_address).required();
    let to = section.list("to", |item| value::mail_address(text(item)?));
    match &to {
        None if section.find("to").is_none() => section.wrong("to", Wrong::new("is missing")),
        Some(_) if is_empty_list(section, "to") => {
            section.wrong("to", Wrong::new("is empty, so that nobody would be told"));
        }
        _ => {}
    }
    let to = to.unwrap_or_default();
    section.refuse_repeats("to", &to);
    section.finish();
    let to = to.into_iter().map(|(_, address)| address).collect();
    let smtp = smtp?;
    let is_near = address::is_loopback(&smtp);
    let tls = match (smtp.scheme(), wants_tls) {
        ("smtps", Some(false)) => {
            let wrong = Wrong::new("is \"none\", but the address is smtps://, which is TLS");
            section.wrong("tls", wrong.hint("leave tls out, or write smtp:// in smtp"));
            MailTls::FromTheStart
        }
        ("smtps", _) => MailTls::FromTheStart,
        (_, Some(true)) => MailTls::StartTls,
        (_, Some(false)) => MailTls::Off,
        // Nobody can listen on the way to this computer itself, and its mail server rarely has a
        // certificate that anybody trusts.
        (_, None) if is_near => MailTls::Off,
        (_, None) => MailTls::StartTls,
    };
    if tls == MailTls::Off && !is_near {
        if has_password {
            let wrong = Wrong::new("is \"none\", and the password would be sent for all to read");
            section.wrong("tls", wrong.hint("leave tls out, or the username and the password"));
        }
        section.warn(format!(
            "{} is \"none\": anybody on the way can read the messages.",
            section.dotted("tls")
        ));
    }
    Some(NotifyEmail { smtp, tls, username, password, from: from?, to })
}

fn wants_tls(text: &str) -> Result<bool, Wrong> {
    value::word(text, &[("required", true), ("none", false)])
}

/// `[notify.webhook]`.
fn read_webhook(section: &Section<'_>, surroundings: &Surroundings<'_>) -> Option<NotifyWebhook> {
    let url = section.text("url", address::webhook).required();
    let token = secret_source::read(section, "token", surroundings);
    section.finish();
    let url = url?;
    section.warn_plain_http(&url, "the messages and the token");
    Some(NotifyWebhook { url, token })
}
