//! `history`: the audit log and the documents that were sent, from the state file alone. Asks nobody, takes no lock and writes nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Context, documents, print, who};
use crate::cli::HistoryArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{AskedDocument, HolderNumber, RightRef, TargetName, Who};
use crate::report::history::{History, NamedRow, Wanted, document, no_door, nobody, render, sheet};
use crate::store::{DocumentKept, GateChange, Store, StoreError};

/// Runs the command.
pub fn run(context: &Context, args: &HistoryArgs) -> Result<Exit, Error> {
    let zone = context.config.zone_of_people();
    let asked = args.member.as_deref().and_then(AskedDocument::parse);
    let who = args.member.as_deref().filter(|_| asked.is_none()).map(who::parse).transpose()?;
    let since = args.since.moment(context.clock.began(), zone);
    if since > context.clock.began() {
        let text = "--since is in the future, of which nothing is known".to_owned();
        return Err(Error::NotInLog { text, exit: Exit::Usage });
    }
    let store = context.open_store_to_read()?;
    let door = args.door.as_deref().map(|door| known_door(context, store.as_ref(), door));
    let door = door.transpose()?;
    let mut history = History {
        since,
        who: args.member.clone(),
        door: args.door.clone(),
        lines: None,
        rows: Vec::new(),
        documents: Vec::new(),
        zone,
    };
    if let Some(store) = &store {
        let _look = store.reading()?;
        let wanted = match (&who, &args.member) {
            (Some(who), Some(typed)) => known(store, who, typed)?,
            (None, Some(_)) => Wanted::Documents,
            _ => Wanted::Everybody,
        };
        let lines =
            store.overview().named_since(history.since, door.as_ref(), |line| wanted.has(line));
        history.lines = Some(lines?);
        history.rows = rows(context, store, since, |change| {
            door.as_ref().is_none_or(|door| change.gate == *door) && wanted.has_row(change)
        })?;
        history.documents = match (&who, asked) {
            (None, None) => store.outbox().changed_since(since)?,
            (None, Some(asked)) => documents_of(store, &history, asked)?,
            // No document is about a member.
            (Some(_), _) => Vec::new(),
        };
        let is_there = |kept: &DocumentKept| {
            door.as_ref().is_none_or(|door| door.as_str() == kept.to.as_str())
        };
        history.documents.retain(is_there);
    }
    let exit = Exit::InStep;
    if context.is_json {
        context.print_json(&document(&history, exit.code()))?;
    } else if args.csv {
        print(&sheet(&history))?;
    } else {
        context.print(&render(&history, context.look))?;
    }
    Ok(exit)
}

/// The documents that are asked for, as far as they were sent.
fn documents_of(
    store: &Store,
    history: &History,
    asked: AskedDocument<'_>,
) -> Result<Vec<DocumentKept>, Error> {
    let mut found = documents::known(store, asked)?;
    if found.is_empty() {
        let typed = history.who.as_deref().unwrap_or_default();
        let text = format!("--member {typed}: no document of that name is known");
        return Err(Error::NotInLog { text, exit: Exit::NobodyFound });
    }
    let is_shown = |kept: &DocumentKept| kept.changed_at >= history.since && kept.state.has_left();
    found.retain(is_shown);
    found.sort_by_key(|kept| std::cmp::Reverse(kept.changed_at));
    Ok(found)
}

/// What was done at gates, with the names of members.
fn rows(
    context: &Context,
    store: &Store,
    since: DateTime<Utc>,
    is_wanted: impl Fn(&GateChange) -> bool,
) -> Result<Vec<NamedRow>, Error> {
    let mut changes = store.overview().rows_since(since, u32::MAX)?;
    changes.retain(is_wanted);
    let mut names: BTreeMap<RightRef, Option<String>> = BTreeMap::new();
    let named = changes.into_iter().map(|change| {
        let member_name = match names.get(&change.by) {
            Some(name) => name.clone(),
            None => {
                let name = member_name(context, store, &change.by)?;
                names.entry(change.by.clone()).or_insert(name).clone()
            }
        };
        Ok(NamedRow { change, member_name })
    });
    named.collect()
}

/// What the member is called now whose membership a right is.
fn member_name(
    context: &Context,
    store: &Store,
    by: &RightRef,
) -> Result<Option<String>, StoreError> {
    let is_membership = context.config.sources.iter().any(|source| source.name == by.source);
    let number: Option<HolderNumber> = by.right.parse().ok();
    let Some(number) = number.filter(|_| is_membership) else { return Ok(None) };
    let found = store.members().members_by_number(&number)?;
    let theirs = found.iter().find(|stored| {
        stored.member.key.source == by.source && stored.member.key.human() == by.right
    });
    Ok(theirs.map(|stored| stored.member.name()))
}

/// Whoever is asked for, if there is or was such a one.
fn known(store: &Store, who: &Who, typed: &str) -> Result<Wanted, Error> {
    let everybody = store.overview().everybody()?;
    let wanted = match who {
        Who::Record(person) if store.overview().persons_ever()?.contains(person) => {
            Wanted::Person(person.clone())
        }
        who => Wanted::members(who, &everybody),
    };
    match wanted {
        Wanted::Members(members) if members.is_empty() => {
            Err(Error::NotInLog { text: nobody(typed, &everybody), exit: Exit::NobodyFound })
        }
        wanted => Ok(wanted),
    }
}

/// A door or a gate of the configuration or of the log, or a section that documents are for.
fn known_door(context: &Context, store: Option<&Store>, typed: &str) -> Result<TargetName, Error> {
    let changed = store.map(|store| store.overview().devices_changed()).transpose()?;
    let changed = changed.unwrap_or_default();
    let gates = store.map(|store| store.overview().gates_known()).transpose()?.unwrap_or_default();
    let recipients = store.map(|store| store.outbox().recipients()).transpose()?;
    let configured = context.config.recipients.iter().map(|to| &to.name);
    let recipients: Vec<TargetName> = configured
        .chain(recipients.iter().flatten())
        .filter_map(|name| TargetName::new(name.as_str()).ok())
        .collect();
    let devices = context.config.devices.iter().map(|device| &device.name);
    let configured = devices.chain(context.config.gates.iter().map(|gate| &gate.name));
    let mut doors: Vec<&TargetName> =
        configured.chain(&changed).chain(&gates).chain(&recipients).collect();
    doors.sort();
    doors.dedup();
    let found = doors.iter().find(|door| door.as_str() == typed);
    found.map(|door| (*door).clone()).ok_or_else(|| {
        let text = no_door(typed, doors.iter().map(|door| door.as_str()));
        Error::NotInLog { text, exit: Exit::Usage }
    })
}
