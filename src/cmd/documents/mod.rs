//! Documents that leave, in the commands: what sending one would do, sending it, approving one that waits, and what
//! became of those that are open.

mod collection;
mod lookup;
mod plan;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

pub(super) use collection::{Collected, collect, diff as diff_agency, is_due, note_rights};
pub(super) use lookup::{known, run as lookup};
pub(super) use plan::{diff, report, reviewed};

use super::{Context, say_trouble};
use crate::command::CommandName;
use crate::config::RecipientConfig;
use crate::engine::Systems;
use crate::engine::outbox::{Done, Hold, Next, Outbox, Proposal, Verdict, is_not_given_back};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{DocumentId, RunId, SourceName};
use crate::net::bounded::{self, Bounded};
use crate::ports::Document;
use crate::report::documents::{
    DocumentReport, DocumentTold, of_done, of_other_approval, of_other_word, of_verdict,
};
use crate::report::parking::QuestionError;
use crate::store::lock::RunLock;
use crate::store::{DocumentKept, RunEnd, Store};
use crate::text::suggest::nearest;
use crate::trouble::Trouble;

/// No document is longer: a citation with its evidence.
const FILE_BYTES_MAX: u64 = 24 * 1024 * 1024;

/// No service was read.
static NOTHING_LISTED: BTreeSet<SourceName> = BTreeSet::new();

/// So often the lock is tried for, and in between.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(200);

/// `apply FILE --to NAME`: sends one document, or keeps it until it is approved.
pub(super) fn apply(context: &Context, path: &Path, name: &str) -> Result<Exit, Error> {
    let to = recipient(context, name)?;
    let document = read(context, to, path)?;
    let _lock = take_lock(context)?;
    let store = context.open_store()?;
    let network = context.network();
    let listed = collection::read_services(context, &network, &store, to)?;
    in_run(context, (&network, &listed), &store, |outbox| {
        let proposal = outbox.propose(to, document)?;
        Ok(vec![carry_out(outbox, &proposal, None)?])
    })
}

/// Takes the run lock, for which a person waits as long as a tick takes.
pub(super) fn take_lock(context: &Context) -> Result<RunLock, Error> {
    take_patiently(|| context.take_lock(), || std::thread::sleep(LOCK_PAUSE))
}

fn take_patiently<T>(
    mut take: impl FnMut() -> Result<T, Error>,
    mut pause: impl FnMut(),
) -> Result<T, Error> {
    for _ in 0..LOCK_TRIES {
        match take() {
            Err(Error::Locked { is_old: false, .. }) => pause(),
            other => return other,
        }
    }
    take().map_err(|error| match error {
        // That nothing was sent must not look like a success.
        Error::Locked { holder, is_old: false } => Error::NothingSent(holder),
        other => other,
    })
}

/// Whether a document waits under an id.
pub(super) fn waits_under(context: &Context, id: &str) -> Result<bool, Error> {
    let store = context.open_store_to_read_unchecked()?;
    Ok(store.map(|store| store.outbox().blocked(id)).transpose()?.flatten().is_some())
}

/// Sends a document that was judged, where it may be; `approved` is the id that a person has approved.
fn carry_out(
    outbox: &Outbox<'_>,
    proposal: &Proposal<'_>,
    approved: Option<&str>,
) -> Result<(DocumentTold, Option<Trouble>), Error> {
    let of = |done: &Done| (DocumentTold::from(&done.kept), of_done(done));
    Ok(match &proposal.verdict {
        Verdict::Ready => of(&outbox.send(proposal)?),
        Verdict::Held(holds) => {
            let is_lifted = holds.iter().all(Hold::is_lifted_by_approval);
            match approved {
                Some(id) if is_lifted && proposal.blocked().as_deref() == Some(id) => {
                    of(&outbox.send(proposal)?)
                }
                _ => {
                    let kept = outbox.keep_blocked(proposal)?;
                    let told = DocumentTold::proposed(proposal, &kept);
                    let other = approved.filter(|_| is_lifted);
                    let other = other.map(|_| of_other_approval(&kept.to, &kept.id));
                    (told, other.or_else(|| of_verdict(proposal, true)))
                }
            }
        }
        Verdict::Known => {
            let known = proposal.known.clone();
            let known = known.unwrap_or_else(|| proposal.kept(outbox.now));
            let done = match known.state.is_open() {
                true => outbox.settle_one(known)?,
                false => Done { kept: known, next: Next::Nothing },
            };
            of(&done)
        }
        Verdict::Forbidden(_)
        | Verdict::NotNow(_)
        | Verdict::OtherContent
        | Verdict::InSync
        | Verdict::Overtaken(_) => (as_known(outbox, proposal), of_verdict(proposal, true)),
    })
}

/// A document of which nothing is done now.
fn as_known(outbox: &Outbox<'_>, proposal: &Proposal<'_>) -> DocumentTold {
    let kept = proposal.known.clone().unwrap_or_else(|| proposal.kept(outbox.now));
    DocumentTold::proposed(proposal, &kept)
}

/// `apply --blocked ID`, where a document waits under it; `None` where none does.
pub(super) fn approve(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    id: &str,
) -> Result<Option<Exit>, Error> {
    let Some(kept) = store.outbox().blocked(id)? else { return Ok(None) };
    let to = context.config.recipients.iter().find(|one| one.name == kept.to);
    let listed = match to {
        Some(to) => collection::read_services(context, systems, store, to)?,
        None => BTreeSet::new(),
    };
    let exit =
        in_run(context, (systems, &listed), store, |outbox| match outbox.approved(&kept)? {
            Ok(proposal) => Ok(vec![carry_out(outbox, &proposal, Some(id))?]),
            Err(error) => Err(Error::NotApproved { id: kept.id.to_string(), error }),
        });
    exit.map(Some)
}

/// `apply --settle ID=done|not-done`: a person has asked the other side.
pub(super) fn settle_by_hand(context: &Context, typed: &str) -> Result<Exit, Error> {
    let wrong = || QuestionError::NoSettlement(typed.to_owned());
    let (id, word) = typed.rsplit_once('=').ok_or_else(wrong)?;
    let is_done = match word {
        "done" => true,
        "not-done" => false,
        _ => return Err(wrong().into()),
    };
    let _lock = take_lock(context)?;
    let store = context.open_store()?;
    let mut found = named(&store, id)?;
    let (Some(kept), None) = (found.pop(), found.pop()) else {
        return Err(QuestionError::NoDocument(id.to_owned()).into());
    };
    // An agency may have given back what it refused first.
    let may_be_settled = kept.state.is_open() || is_done && is_not_given_back(&store, &kept)?;
    if !may_be_settled {
        return Err(QuestionError::NotOpen(id.to_owned(), kept.state.as_str()).into());
    }
    let network = context.network();
    in_run(context, (&network, &NOTHING_LISTED), &store, |outbox| {
        let (kept, is_believed) = outbox.settle_by_hand(kept, is_done)?;
        let trouble = (!is_believed).then(|| of_other_word(&kept.to, &kept.id));
        Ok(vec![(DocumentTold::from(&kept), trouble)])
    })
}

/// The documents of an id, or of `NAME/ID` where several sections have it.
fn named(store: &Store, typed: &str) -> Result<Vec<DocumentKept>, Error> {
    let (name, id) = match typed.split_once('/') {
        Some((name, id)) => (Some(name), id),
        None => (None, typed),
    };
    let Ok(id) = DocumentId::new(id) else { return Ok(Vec::new()) };
    let mut found = store.outbox().of_id(&id)?;
    found.retain(|kept| name.is_none_or(|name| kept.to.as_str() == name));
    Ok(found)
}

/// What a tick found out about documents that are open.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub documents: Vec<DocumentTold>,
    pub troubles: Vec<Trouble>,
}

/// Whether a run has to do with documents: some are open, or hold a plate for too long.
pub(super) fn are_waiting(context: &Context, store: &Store) -> Result<bool, Error> {
    let kept_since = context.config.vehicles.kept_since(context.clock.began());
    Ok(store.outbox().has_open_or_old(kept_since)?)
}

/// Finds out what became of documents that are open.
pub(super) fn settle(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    (asks_all, listed): (bool, &BTreeSet<SourceName>),
) -> Result<Settled, Error> {
    let outbox = outbox_of(context, systems, store, listed);
    let done = outbox.settle(asks_all)?;
    Ok(Settled {
        documents: done.iter().map(|one| DocumentTold::from(&one.kept)).collect(),
        troubles: done.iter().filter_map(of_done).collect(),
    })
}

fn outbox<'a>(context: &'a Context, systems: &'a dyn Systems, store: &'a Store) -> Outbox<'a> {
    outbox_of(context, systems, store, &NOTHING_LISTED)
}

/// The same after services were read whole.
fn outbox_of<'a>(
    context: &'a Context,
    systems: &'a dyn Systems,
    store: &'a Store,
    listed: &'a BTreeSet<SourceName>,
) -> Outbox<'a> {
    Outbox {
        config: &context.config,
        store,
        systems,
        listed,
        now: context.clock.now(),
        stop: &context.stop,
    }
}

/// The section that a document is for.
fn recipient<'c>(context: &'c Context, typed: &str) -> Result<&'c RecipientConfig, Error> {
    let recipients = &context.config.recipients;
    let found = recipients.iter().find(|one| one.name.as_str() == typed);
    found.ok_or_else(|| {
        let names = recipients.iter().map(|one| one.name.as_str());
        let meant = nearest(typed, names).map(str::to_owned);
        QuestionError::NoRecipient(typed.to_owned(), meant).into()
    })
}

/// Reads a document from a file; it is acceptable, or an error says where it is not.
fn read(context: &Context, to: &RecipientConfig, path: &Path) -> Result<Document, Error> {
    let name = path.display().to_string();
    let unread = |error: std::io::Error| QuestionError::NoFile(name.clone(), error.to_string());
    let bytes = match bounded::read(path, FILE_BYTES_MAX).map_err(unread)? {
        Bounded::Whole { bytes, .. } => bytes,
        Bounded::NotAFile => return Err(unread(bounded::not_a_file()).into()),
        Bounded::TooLarge => {
            let text = format!("it is longer than {FILE_BYTES_MAX} bytes");
            return Err(Error::Document { name, text });
        }
    };
    let read = to.settings.document(&bytes, context.clock.now());
    read.map_err(|error| Error::Document { name, text: error.to_string() })
}

/// Does something to documents in a run of its own, and says what became of them.
fn in_run(
    context: &Context,
    (systems, listed): (&dyn Systems, &BTreeSet<SourceName>),
    store: &Store,
    work: impl FnOnce(&Outbox<'_>) -> Result<Vec<(DocumentTold, Option<Trouble>)>, Error>,
) -> Result<Exit, Error> {
    let run: RunId = context.begin_run(CommandName::Apply, store)?;
    let done = work(&outbox_of(context, systems, store, listed));
    let exit = match &done {
        Ok(all) => {
            Exit::of_all(all.iter().filter_map(|(_, trouble)| Some(trouble.as_ref()?.exit())))
        }
        Err(error) => error.exit(),
    };
    let requests = systems.requests();
    context.end_run(
        store,
        run,
        &RunEnd { exit_code: exit.code(), requests, ..RunEnd::default() },
    )?;
    let (documents, troubles): (Vec<_>, Vec<_>) = done?.into_iter().unzip();
    let troubles = troubles.into_iter().flatten().collect();
    let (command, collections) = (CommandName::Apply, Vec::new());
    say(context, &DocumentReport { command, documents, collections, troubles }, exit)
}

/// Says a report, and gives the exit code.
fn say(context: &Context, report: &DocumentReport, exit: Exit) -> Result<Exit, Error> {
    report.troubles.iter().for_each(say_trouble);
    if context.is_json {
        context.print_json(&report.document(exit.code()))?;
    } else if !context.is_quiet {
        context.print(&report.render(context.look))?;
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lock::Holder;

    fn locked(is_old: bool) -> Error {
        Error::Locked { holder: Holder { process: Some(7), since: None }, is_old }
    }

    /// Mutants: a lock that is waited for without an end, or not at all; a run that sent nothing and ends with 0.
    #[test]
    fn the_lock_is_waited_for_20_seconds_and_then_nothing_was_sent() {
        assert_eq!(LOCK_PAUSE * LOCK_TRIES, Duration::from_secs(20));
        let after = |busy: u32, is_old| {
            let (mut tries, mut pauses) = (0, 0);
            let take = || {
                tries += 1;
                if tries <= busy { Err(locked(is_old)) } else { Ok(()) }
            };
            (take_patiently(take, || pauses += 1).map_err(|error| error.exit()), pauses)
        };
        assert_eq!(after(0, false), (Ok(()), 0));
        assert_eq!(after(LOCK_TRIES, false), (Ok(()), LOCK_TRIES));
        assert_eq!(after(LOCK_TRIES + 1, false), (Err(Exit::Temporary), LOCK_TRIES));
        // One that has had it for long is not waited for.
        assert_eq!(after(1, true), (Err(Exit::LockHeld), 0));
    }
}
