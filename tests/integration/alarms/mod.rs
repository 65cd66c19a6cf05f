//! Alarms with the real program: a mail server, a webhook and a heartbeat of the test's own.

mod bug;
mod channels;
mod heartbeat;
mod mailbox;
mod mails;
mod state_file;

pub(crate) use channels::taker;
use chrono::TimeDelta;
use ivms_sync_simulators::smtp::{Mail, MailServer, Settings};

use crate::support::pinned::{START, instant};
use crate::support::{Said, Sandbox};

/// The time so many minutes after the start.
fn minute(minutes: i64) -> String {
    let at = instant(START) + TimeDelta::minutes(minutes);
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A club whose owner gets mail, after a first good tick.
fn club(members: usize, doors: usize) -> (Sandbox, MailServer) {
    let server = MailServer::start(Settings::default());
    let mut sandbox = Sandbox::pinned(members, doors);
    mails_to(&mut sandbox, &server);
    sandbox.sync_at(START, 0);
    (sandbox, server)
}

fn mails_to(sandbox: &mut Sandbox, server: &MailServer) {
    let section = format!(
        "[notify.email]\nsmtp = \"{}\"\nfrom = \"ivms-sync@club.example\"\n\
         to = [\"owner@club.example\", \"desk@club.example\"]",
        server.url()
    );
    // The last section that the sandbox writes for sure; a header after its lines opens the next one.
    sandbox.set("guard", &section);
}

/// One tick as cron runs it, which must end so.
#[track_caller]
fn tick(sandbox: &Sandbox, minutes: i64, code: i32) -> Said {
    sandbox.at(&minute(minutes), &["sync"]).ends(code)
}

/// The one mail that came since this was last asked.
#[track_caller]
fn one_mail(server: &MailServer) -> Mail {
    let mails = server.take_mails();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(server.violations(), Vec::<String>::new());
    mails.into_iter().next().unwrap()
}

#[track_caller]
fn no_mail(server: &MailServer) {
    assert_eq!(server.take_mails(), []);
}

/// Text in which only the words count, not where lines are broken.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
