//! `history`: the audit log, from the state file alone. Asks nobody, takes no lock and writes nothing.

use super::{Context, print, who};
use crate::cli::HistoryArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{TargetName, Who};
use crate::report::history::{History, Wanted, document, no_door, nobody, render, sheet};
use crate::store::Store;

/// Runs the command.
pub fn run(context: &Context, args: &HistoryArgs) -> Result<Exit, Error> {
    let zone = context.config.zone_of_people();
    let who = args.member.as_deref().map(who::parse).transpose()?;
    let since = args.since.moment(context.clock.began(), zone);
    if since > context.clock.began() {
        let text = "--since is in the future, of which nothing is known".to_owned();
        return Err(Error::NotInLog { text, exit: Exit::Usage });
    }
    let store = context.open_store_to_read()?;
    let door = args.door.as_deref().map(|door| known_door(context, store.as_ref(), door));
    let door = door.transpose()?;
    let mut history =
        History { since, who: args.member.clone(), door: args.door.clone(), lines: None, zone };
    if let Some(store) = &store {
        let _look = store.reading()?;
        let wanted = match (&who, &args.member) {
            (Some(who), Some(typed)) => known(store, who, typed)?,
            _ => Wanted::Everybody,
        };
        let lines =
            store.overview().named_since(history.since, door.as_ref(), |line| wanted.has(line));
        history.lines = Some(lines?);
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

/// A door of the configuration or of the log.
fn known_door(context: &Context, store: Option<&Store>, typed: &str) -> Result<TargetName, Error> {
    let changed = store.map(|store| store.overview().devices_changed()).transpose()?;
    let changed = changed.unwrap_or_default();
    let configured = context.config.devices.iter().map(|device| &device.name);
    let mut doors: Vec<&TargetName> = configured.chain(&changed).collect();
    doors.sort();
    doors.dedup();
    let found = doors.iter().find(|door| door.as_str() == typed);
    found.map(|door| (*door).clone()).ok_or_else(|| {
        let text = no_door(typed, doors.iter().map(|door| door.as_str()));
        Error::NotInLog { text, exit: Exit::Usage }
    })
}
