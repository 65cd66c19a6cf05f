//! What a tick came to, as troubles of things: each is there, is not there, or was not looked at.
//!
//! Pure. "Not there" is claimed only where the tick got far enough to see it: a door that does not
//! answer has not become a door whose clock is right.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::topic::{DoorTrouble, SourceTrouble, Topic};
use crate::config::Config;
use crate::engine::plan::{Kind, LossKind};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{HolderId, TargetName};
use crate::report::text::{explain, many, some_of};
use crate::report::{ChangeState, Report, SourceReport, TargetOutcome, TargetReport, Trouble};

/// How many member numbers are named before the rest is only counted.
const NUMBERS_SHOWN: usize = 10;

/// One trouble in the eyes of one tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Which trouble.
    pub topic: Topic,
    /// Whether it is there.
    pub standing: Standing,
}

/// Whether a trouble is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Bad(Box<Condition>),
    /// It is not.
    Well,
    /// Nobody can tell from this tick.
    Unseen,
}

/// A trouble that is there, as far as this tick can tell. No names and no e-mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What the run ends with because of it.
    pub exit: Exit,
    /// Whole sentences: who waits because of it.
    pub waiting: Vec<String>,
    /// What happened, in the words of stderr.
    pub detail: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// The commands to type.
    pub commands: Vec<String>,
}

impl Condition {
    /// Whether it needs a person at once, or may pass by itself. Of what hinders no run (0) only members
    /// who are left out at a door come here: somebody who has paid may stand before it.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        use Exit::{Bug, Config, Fatal, InStep, Login, Refused};
        matches!(self.exit, InStep | Refused | Fatal | Login | Bug | Config)
    }
}

/// What a finished tick saw; nothing where it did not look at everybody, or was told to stop.
/// `link_files` are those of the configuration.
#[must_use]
pub fn of_report(link_files: &[PathBuf], report: &Report) -> Option<Vec<Sight>> {
    let is_cut_off = matches!(report.exit(), Exit::Interrupted | Exit::Terminated);
    if report.is_limited || is_cut_off {
        return None;
    }
    let finds = |exit: Exit| report.troubles.iter().find(|trouble| trouble.exit == exit);
    let hears_all = report.sources.iter().all(|source| source.accepted);
    let time_limit = finds(Exit::TimeLimit);
    let sees_plan = hears_all && time_limit.is_none();
    let mut sights = Vec::new();
    for source in &report.sources {
        sights.extend(source_sights(report, source));
    }
    for device in &report.devices {
        sights.extend(door_sights(report, device, sees_plan));
    }
    for path in link_files {
        let path = path.to_string_lossy().into_owned();
        let condition = about(report, &path).next().map(told);
        sights.push(sight(Topic::LinkFile(path), condition, true));
    }
    let is_clock_seen = report.sources.iter().any(|source| source.accepted);
    sights.push(sight(Topic::OwnClock, finds(Exit::Fatal).map(told), is_clock_seen));
    sights.push(sight(Topic::TimeLimit, time_limit.map(told), true));
    for topic in [Topic::StateFile, Topic::Lock, Topic::NewLinkFile, Topic::Proof, Topic::Bug] {
        sights.push(Sight { topic, standing: Standing::Well });
    }
    Some(sights)
}

/// What a run saw that ended with an error; nothing where that is the mistake of whoever typed it, or
/// no trouble.
#[must_use]
pub fn of_error(config: &Config, error: &Error) -> Option<Vec<Sight>> {
    let topic = match error {
        Error::Store { .. } => Topic::StateFile,
        Error::Locked { is_old: true, .. } => Topic::Lock,
        Error::LinkFile(_) => Topic::NewLinkFile,
        Error::Unproven(_) => Topic::Proof,
        Error::Json(_) | Error::Output(_) => Topic::Bug,
        Error::Locked { is_old: false, .. }
        | Error::Config(_)
        | Error::Who(_)
        | Error::NoDevice(_)
        | Error::NothingToAccept { .. }
        | Error::Plan { .. }
        | Error::NoBlockedPlan(_)
        | Error::Forbidden { .. }
        | Error::NotKnown { .. }
        | Error::File { .. }
        | Error::OwnFile { .. }
        | Error::FilledIn { .. } => return None,
    };
    let condition = Condition {
        exit: error.exit(),
        waiting: Vec::new(),
        detail: Some(error.to_string()),
        hint: error.hint().map(str::to_owned),
        commands: vec!["ivms-sync check".to_owned()],
    };
    Some(only(config, topic, condition))
}

/// What a run saw that broke off because of a mistake in the program.
#[must_use]
pub fn of_panic(config: &Config) -> Vec<Sight> {
    let condition = Condition {
        exit: Exit::Bug,
        waiting: Vec::new(),
        detail: None,
        hint: Some("run it by hand with -v, and report what it says".to_owned()),
        commands: vec!["ivms-sync -v sync".to_owned()],
    };
    only(config, Topic::Bug, condition)
}

/// One trouble, and nothing known of any other.
fn only(config: &Config, there: Topic, condition: Condition) -> Vec<Sight> {
    let doors = config.devices.iter().flat_map(|device| {
        DoorTrouble::ALL.map(|trouble| Topic::Door(device.name.clone(), trouble))
    });
    let sources = config.sources.iter().flat_map(|source| {
        SourceTrouble::ALL.map(|trouble| Topic::Source(source.name.clone(), trouble))
    });
    let files = config.link.files.iter();
    let files = files.map(|path| Topic::LinkFile(path.to_string_lossy().into_owned()));
    let others = [
        Topic::NewLinkFile,
        Topic::OwnClock,
        Topic::TimeLimit,
        Topic::StateFile,
        Topic::Lock,
        Topic::Proof,
        Topic::Bug,
    ];
    let all = sources.chain(doors).chain(files).chain(others);
    let mut condition = Some(Box::new(condition));
    all.map(|topic| {
        let standing = match condition.take_if(|_| topic == there) {
            Some(condition) => Standing::Bad(condition),
            None => Standing::Unseen,
        };
        Sight { topic, standing }
    })
    .collect()
}

fn sight(topic: Topic, condition: Option<Condition>, is_seen: bool) -> Sight {
    let standing = match condition {
        Some(condition) => Standing::Bad(Box::new(condition)),
        None if is_seen => Standing::Well,
        None => Standing::Unseen,
    };
    Sight { topic, standing }
}

/// The troubles of one thing that bring an exit code.
fn about<'a>(report: &'a Report, name: &'a str) -> impl Iterator<Item = &'a Trouble> {
    report.troubles.iter().filter(move |one| one.about == name && one.exit != Exit::InStep)
}

/// A trouble as it is told on stderr. A hint that ends with a command gives that to be typed.
fn told(trouble: &Trouble) -> Condition {
    let hint = trouble.hint.as_deref();
    let split = hint.and_then(|hint| {
        let at = hint.rfind(": ivms-sync ")?;
        Some((hint.get(..=at)?, hint.get(at + 2..)?))
    });
    let (hint, command) = match split {
        Some((hint, command)) => (Some(hint), command),
        None => (hint, "ivms-sync check"),
    };
    Condition {
        exit: trouble.exit,
        waiting: Vec::new(),
        detail: Some(trouble.text.clone()),
        hint: hint.map(str::to_owned),
        commands: vec![command.to_owned()],
    }
}

fn source_sights(report: &Report, source: &SourceReport) -> Vec<Sight> {
    let mut found: BTreeMap<SourceTrouble, &Trouble> = BTreeMap::new();
    let mut is_clock_wrong = false;
    for trouble in about(report, source.name.as_str()) {
        let kind = match trouble.exit {
            Exit::Login => SourceTrouble::Login,
            Exit::Refused => SourceTrouble::List,
            Exit::Temporary => SourceTrouble::Away,
            // A door of the same name, or this computer's clock.
            Exit::Fatal => {
                is_clock_wrong = true;
                continue;
            }
            _ => continue,
        };
        found.entry(kind).or_insert(trouble);
    }
    let sights = SourceTrouble::ALL.map(|kind| {
        let condition = found.get(&kind).map(|trouble| Condition {
            waiting: vec![match kind {
                SourceTrouble::List => "None of it was used.".to_owned(),
                _ => "Renewals are not seen meanwhile; every door keeps what it has.".to_owned(),
            }],
            ..told(trouble)
        });
        // The list as a whole shows only when all of it was asked for.
        let is_seen = match kind {
            SourceTrouble::List => source.accepted && source.is_complete && !is_clock_wrong,
            _ => !found.keys().any(|seen| *seen < kind),
        };
        sight(Topic::Source(source.name.clone(), kind), condition, is_seen)
    });
    sights.into()
}

fn door_sights(report: &Report, device: &TargetReport, sees_plan: bool) -> Vec<Sight> {
    let mut found: BTreeMap<DoorTrouble, Vec<&Trouble>> = BTreeMap::new();
    for trouble in about(report, device.name.as_str()) {
        let kind = match (trouble.exit, device.outcome) {
            (Exit::Login, _) => DoorTrouble::Login,
            (Exit::Refused, TargetOutcome::NotBelieved) => DoorTrouble::Doubt,
            (Exit::Refused, _) => DoorTrouble::Blocked,
            (Exit::PartFailed | Exit::Temporary, TargetOutcome::Unreachable) => DoorTrouble::Away,
            (Exit::PartFailed, TargetOutcome::ClockWrong) => DoorTrouble::Clock,
            (Exit::PartFailed, _) => DoorTrouble::Writes,
            // An organisation of the same name.
            _ => continue,
        };
        found.entry(kind).or_default().push(trouble);
    }
    let sights = DoorTrouble::ALL.map(|kind| {
        let condition = match kind {
            DoorTrouble::Lost => lost(report, &device.name),
            _ => found.get(&kind).and_then(|troubles| door(report, device, kind, troubles)),
        };
        let is_passed = !found.keys().any(|seen| *seen < kind);
        let is_seen = is_passed && (sees_plan || !kind.needs_plan());
        sight(Topic::Door(device.name.clone(), kind), condition, is_seen)
    });
    sights.into()
}

fn door(
    report: &Report,
    device: &TargetReport,
    kind: DoorTrouble,
    troubles: &[&Trouble],
) -> Option<Condition> {
    let first = told(troubles.first()?);
    if kind != DoorTrouble::Blocked {
        return Some(Condition { waiting: waiting(report, &device.name), ..first });
    }
    let texts: Vec<&str> = troubles.iter().map(|trouble| trouble.text.as_str()).collect();
    let approve = report.blocked.iter().map(|id| format!("ivms-sync apply --blocked {id}"));
    Some(Condition {
        detail: Some(texts.join("; ")),
        hint: Some(
            "look at the changes with the first command; if each of them is right, approve them \
             with the second. If the id is no longer known, things have changed since, and the \
             next run names another"
                .to_owned(),
        ),
        commands: std::iter::once("ivms-sync diff".to_owned()).chain(approve).collect(),
        ..first
    })
}

/// Who was served at a door until now and is left out there, by member number.
fn lost(report: &Report, device: &TargetName) -> Option<Condition> {
    let mine =
        || report.losses.iter().filter(|loss| loss.device == *device && !loss.is_one_of_many);
    let numbers_of = |kind: LossKind| -> BTreeSet<&HolderId> {
        mine().filter(|loss| loss.kind == kind).map(|loss| &loss.member).collect()
    };
    let first = mine().next()?;
    let mut waiting = Vec::new();
    for (kind, what) in [
        (LossKind::StandingOutside, "The door is closed for"),
        (LossKind::OpenWithoutReason, "The door still opens, rightly or not, for"),
    ] {
        let members = numbers_of(kind);
        if !members.is_empty() {
            waiting.push(format!("{what} member {}.", numbers(&members)));
        }
    }
    let (title, remedy) = explain(first.reason);
    Some(Condition {
        exit: Exit::InStep,
        waiting,
        detail: Some(title.to_owned()),
        hint: Some(remedy.to_owned()),
        commands: vec![format!("ivms-sync lookup {}", first.member.human())],
    })
}

/// Who waits at a door, by member number.
fn waiting(report: &Report, device: &TargetName) -> Vec<String> {
    let open = || {
        report.changes.iter().filter(|one| {
            one.change.device == *device
                && !one.state.is_confirmed()
                && one.state != ChangeState::Blocked
        })
    };
    let outside: BTreeSet<&HolderId> =
        open().filter(|one| one.change.opens_door).map(|one| &one.change.member).collect();
    let is_grant = |kind: Kind| kind == Kind::Grant;
    let later = open().filter(|one| is_grant(one.change.kind) && !one.change.opens_door).count();
    let ended = open().filter(|one| !is_grant(one.change.kind)).count();
    let mut lines = Vec::new();
    match outside.len() {
        0 => {}
        1 => lines.push(format!("1 member who renewed is waiting: {}.", numbers(&outside))),
        count => {
            lines.push(format!("{count} members who renewed are waiting: {}.", numbers(&outside)));
        }
    }
    if later > 0 {
        let what = many(later, "longer membership");
        let verb = if later == 1 { "is" } else { "are" };
        lines.push(format!(
            "{what} {verb} not on the door yet; nobody stands outside because of it today."
        ));
    }
    if ended > 0 {
        let verb = if ended == 1 { "opens" } else { "open" };
        lines.push(format!("{} still {verb} the door.", many(ended, "ended membership")));
    }
    lines
}

fn numbers(members: &BTreeSet<&HolderId>) -> String {
    some_of(members.iter().map(|member| member.human()), NUMBERS_SHOWN, ", ")
}

#[cfg(test)]
mod tests;
