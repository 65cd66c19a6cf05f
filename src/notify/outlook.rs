//! What a tick came to, as troubles of things: each is there, is not there, or is not known. Pure.
//!
//! "Not there" is claimed only where the tick got far enough to see it: a door that does not answer has not
//! become a door whose clock is right.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::topic::{DoorTrouble, SourceTrouble, Topic};
use crate::config::Config;
use crate::engine::plan::{Kind, LossKind};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{HolderId, TargetName};
use crate::report::gates::as_target;
use crate::report::text::explain;
use crate::report::{ChangeState, Report, SourceReport, TargetOutcome, TargetReport};
use crate::text::lists::{many, some_of};
use crate::trouble::{About, FailureKind, Hint, Trouble, TroubleKind};

/// How many member numbers are named before the rest is only counted.
const NUMBERS_SHOWN: usize = 10;

/// One trouble in the eyes of one tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub topic: Topic,
    /// Whether it is there.
    pub state: TopicState,
}

/// Whether a trouble is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicState {
    Bad(Box<Condition>),
    Well,
    /// Nobody can tell from this tick.
    Unknown,
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
    pub hint: Option<String>,
    /// The commands to type.
    pub commands: Vec<String>,
}

impl Condition {
    fn new(exit: Exit, detail: Option<String>, hint: Option<String>, command: String) -> Self {
        Self { exit, waiting: Vec::new(), detail, hint, commands: vec![command] }
    }

    /// Whether it needs a person at once, or may pass by itself. Of what hinders no run (0) only members
    /// who are left out at a door come here: somebody who has paid may stand before it.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        use Exit::{Bug, Config, Fatal, InStep, Login, Refused};
        matches!(self.exit, InStep | Refused | Fatal | Login | Bug | Config)
    }
}

/// What a finished tick saw; nothing where it did not look at everybody, or was stopped.
/// `link_files` are those of the configuration.
#[must_use]
pub fn of_report(link_files: &[PathBuf], report: &Report) -> Option<Vec<Observation>> {
    let is_cut_off = matches!(report.exit(), Exit::Interrupted | Exit::Terminated);
    if report.is_limited || is_cut_off {
        return None;
    }
    let found = by_topic(report);
    let has_all_answers = report.sources.iter().all(|source| source.accepted);
    let sees_plan = has_all_answers && !found.contains_key(&Topic::TimeLimit);
    let mut observations = Vec::new();
    for source in &report.sources {
        observations.extend(source_observations(report, &found, source));
    }
    for device in &report.devices {
        observations.extend(door_observations(report, &found, device, sees_plan));
    }
    for gate in report.gates.iter().map(as_target) {
        observations.extend(door_observations(report, &found, &gate, sees_plan));
    }
    let is_clock_seen = report.sources.iter().any(|source| source.accepted);
    let files = link_files.iter().map(|path| path.to_string_lossy().into_owned());
    let rights = report.rights_files.iter().flat_map(|seen| seen.files.iter().cloned());
    let lists = report.permit_lists.iter().map(|list| list.file.clone());
    let sections = report.recipients.iter().cloned();
    let documents = sections.flat_map(|name| {
        let (documents, collection) =
            (Topic::Documents(name.clone()), Topic::Collection(name.clone()));
        [documents, collection, Topic::Books(name)]
    });
    let others = files
        .map(|path| (Topic::LinkFile(path), true))
        .chain(rights.map(|path| (Topic::RightsFile(path), true)))
        .chain(lists.map(|path| (Topic::PermitList(path), true)))
        .chain(documents.map(|topic| (topic, true)))
        .chain([(Topic::OwnClock, is_clock_seen), (Topic::TimeLimit, true)]);
    for (topic, is_seen) in others {
        let condition = found.get(&topic).and_then(|troubles| first(troubles));
        observations.push(observation(topic, condition, is_seen));
    }
    for topic in [Topic::StateFile, Topic::Lock, Topic::NewLinkFile, Topic::Proof, Topic::Bug] {
        observations.push(Observation { topic, state: TopicState::Well });
    }
    Some(observations)
}

/// What a run saw that ended with an error; nothing where that is the mistake of whoever typed it, or
/// no trouble.
#[must_use]
pub fn of_error(config: &Config, error: &Error) -> Option<Vec<Observation>> {
    let topic = match error {
        Error::Store(_) => Topic::StateFile,
        Error::Locked { is_old: true, .. } => Topic::Lock,
        Error::LinkFile(_) => Topic::NewLinkFile,
        Error::Unproven(_) => Topic::Proof,
        Error::LooksDiffer(_) | Error::Json(_) | Error::Output(_) => Topic::Bug,
        Error::Interrupted(_)
        | Error::Locked { is_old: false, .. }
        | Error::NothingSent(_)
        | Error::Config(_)
        | Error::First(_)
        | Error::Who(_)
        | Error::Asked(_)
        | Error::Question(_)
        | Error::Verify(_)
        | Error::Document { .. }
        | Error::NotApproved { .. }
        | Error::Event(_)
        | Error::NoDevice(_)
        | Error::NothingToAccept { .. }
        | Error::Plan { .. }
        | Error::NoBlockedPlan(_)
        | Error::Forbidden { .. }
        | Error::NotKnown { .. }
        | Error::NotInLog { .. }
        | Error::File { .. }
        | Error::NoPlan { .. }
        | Error::OwnFile { .. }
        | Error::Occupied(_)
        | Error::OneClub(_)
        | Error::FilledIn { .. } => return None,
    };
    let (detail, hint) = (Some(error.to_string()), error.hint().map(str::to_owned));
    let condition = Condition::new(error.exit(), detail, hint, "ivms-sync check".to_owned());
    Some(only(config, topic, condition))
}

/// What a run saw that broke off because of a mistake in the program.
#[must_use]
pub fn of_panic(config: &Config) -> Vec<Observation> {
    let hint = Some("run it by hand with -v, and report what it says".to_owned());
    let condition = Condition::new(Exit::Bug, None, hint, "ivms-sync -v sync".to_owned());
    only(config, Topic::Bug, condition)
}

/// One trouble, and nothing known of any other.
fn only(config: &Config, there: Topic, condition: Condition) -> Vec<Observation> {
    let doors = config.devices.iter().flat_map(|device| {
        DoorTrouble::ALL.map(|trouble| Topic::Door(device.name.clone(), trouble))
    });
    let sources = config.sources.iter().flat_map(|source| {
        SourceTrouble::ALL
            .map(|trouble| Topic::Source(source.name.clone(), source.system(), trouble))
    });
    let files = config.link.files.iter();
    let files = files.map(|path| Topic::LinkFile(path.to_string_lossy().into_owned()));
    let rights = config.vehicles.paths();
    let rights = rights.map(|path| Topic::RightsFile(path.to_string_lossy().into_owned()));
    let lists = config.vehicles.lists.iter();
    let lists = lists.map(|list| Topic::PermitList(list.file.to_string_lossy().into_owned()));
    let all = sources.chain(doors).chain(files).chain(rights).chain(lists);
    let all = all.chain(Topic::SINGLE);
    let mut condition = Some(Box::new(condition));
    all.map(|topic| {
        let state = match condition.take_if(|_| topic == there) {
            Some(condition) => TopicState::Bad(condition),
            None => TopicState::Unknown,
        };
        Observation { topic, state }
    })
    .collect()
}

fn observation(topic: Topic, condition: Option<Condition>, is_seen: bool) -> Observation {
    let state = match condition {
        Some(condition) => TopicState::Bad(Box::new(condition)),
        None if is_seen => TopicState::Well,
        None => TopicState::Unknown,
    };
    Observation { topic, state }
}

/// The troubles that bring an exit code, each under its topic.
type Found<'a> = BTreeMap<Topic, Vec<&'a Trouble>>;

fn by_topic(report: &Report) -> Found<'_> {
    let mut found = Found::new();
    for trouble in report.troubles.iter().filter(|trouble| !trouble.is_remark()) {
        if let Some(topic) = topic_of(report, trouble) {
            found.entry(topic).or_default().push(trouble);
        }
    }
    found
}

fn topic_of(report: &Report, trouble: &Trouble) -> Option<Topic> {
    match (&trouble.kind, &trouble.about) {
        (TroubleKind::OwnClock(_), _) => Some(Topic::OwnClock),
        (TroubleKind::TimeLimit, _) => Some(Topic::TimeLimit),
        (TroubleKind::Document(_), About::Source(name)) => Some(Topic::Documents(name.clone())),
        (TroubleKind::Collection(_), About::Source(name)) => Some(Topic::Collection(name.clone())),
        (TroubleKind::Books(_), About::Source(name)) => Some(Topic::Books(name.clone())),
        (_, About::LinkFile(path)) => Some(Topic::LinkFile(path.clone())),
        (_, About::RightsFile(_, path)) => Some(Topic::RightsFile(path.clone())),
        (_, About::PermitList(_, path)) => Some(Topic::PermitList(path.clone())),
        (kind, About::Source(name)) => {
            let source = report.sources.iter().find(|source| source.name == *name)?;
            Some(Topic::Source(name.clone(), source.system, of_source(kind)?))
        }
        (kind, About::Target(name)) => {
            let device = report.devices.iter().find(|device| device.name == *name)?;
            Some(Topic::Door(name.clone(), of_door(kind, device.outcome)?))
        }
        _ => None,
    }
}

fn of_source(kind: &TroubleKind) -> Option<SourceTrouble> {
    match kind {
        TroubleKind::Unreachable(_) | TroubleKind::ServerClock(_) => Some(SourceTrouble::Away),
        TroubleKind::LoginRefused(_) => Some(SourceTrouble::Login),
        TroubleKind::ListRefused(..) | TroubleKind::TooManyLost { .. } => Some(SourceTrouble::List),
        _ => None,
    }
}

fn of_door(kind: &TroubleKind, outcome: TargetOutcome) -> Option<DoorTrouble> {
    match kind {
        TroubleKind::Unreachable(_)
        | TroubleKind::Unusable(_)
        | TroubleKind::Busy(_)
        | TroubleKind::BackingOff { kind: FailureKind::Passing | FailureKind::Lasting, .. } => {
            Some(DoorTrouble::Away)
        }
        TroubleKind::LoginRefused(_) | TroubleKind::HeldBack { .. } => Some(DoorTrouble::Login),
        TroubleKind::RightMissing(_) => Some(DoorTrouble::Right),
        TroubleKind::NotBelieved { .. }
        | TroubleKind::Twin(_)
        | TroubleKind::BackingOff { kind: FailureKind::Doubt, .. } => Some(DoorTrouble::Doubt),
        TroubleKind::Unproven { .. }
        | TroubleKind::ChangedUnasked { .. }
        | TroubleKind::TakesNoChange { .. }
        | TroubleKind::TooManyLost { .. } => Some(DoorTrouble::Stopped),
        TroubleKind::ClockOff { .. } | TroubleKind::ClockZone { .. } => Some(DoorTrouble::Clock),
        // Whatever broke off the work is why these were not done.
        TroubleKind::Moved(..) | TroubleKind::NotApplied { .. } => Some(match outcome {
            TargetOutcome::Unreachable => DoorTrouble::Away,
            TargetOutcome::ClockWrong => DoorTrouble::Clock,
            TargetOutcome::RightMissing => DoorTrouble::Right,
            _ => DoorTrouble::Writes,
        }),
        TroubleKind::NotTakenAtDoors(_)
        | TroubleKind::NotInForce(_)
        | TroubleKind::NotPutInForce(_)
        | TroubleKind::Unfit(_) => Some(DoorTrouble::Writes),
        TroubleKind::Blocked { .. }
        | TroubleKind::LinkFilesDoubted { .. }
        | TroubleKind::OrganisationLeft { .. } => Some(DoorTrouble::Blocked),
        _ => None,
    }
}

fn first(troubles: &[&Trouble]) -> Option<Condition> {
    troubles.first().map(|trouble| condition_of(trouble))
}

/// A trouble as stderr has it.
fn condition_of(trouble: &Trouble) -> Condition {
    let (hint, command) = match trouble.hint() {
        // The command stands in a line of its own.
        Some(Hint { text, command: Some(command) }) => (Some(format!("{text}:")), Some(command)),
        Some(Hint { text, command: None }) => (Some(text), None),
        None => (None, None),
    };
    let command = command.unwrap_or_else(|| "ivms-sync check".to_owned());
    Condition::new(trouble.exit(), Some(trouble.text()), hint, command)
}

fn source_observations(
    report: &Report,
    found: &Found<'_>,
    source: &SourceReport,
) -> Vec<Observation> {
    let topic = |kind| Topic::Source(source.name.clone(), source.system, kind);
    let is_clock_wrong = report.troubles.iter().any(|trouble| {
        trouble.about == About::Source(source.name.clone())
            && matches!(trouble.kind, TroubleKind::OwnClock(_))
    });
    let observations = SourceTrouble::ALL.map(|kind| {
        let condition = found.get(&topic(kind)).and_then(|troubles| first(troubles));
        let condition = condition.map(|condition| Condition {
            waiting: vec![match kind {
                SourceTrouble::List => "None of it was used.".to_owned(),
                _ => "Renewals are not seen meanwhile; every door keeps what it has.".to_owned(),
            }],
            ..condition
        });
        let is_passed = SourceTrouble::ALL
            .into_iter()
            .all(|earlier| earlier >= kind || !found.contains_key(&topic(earlier)));
        // The list as a whole shows only when all of it was asked for.
        let is_seen = match kind {
            SourceTrouble::List => source.accepted && source.is_complete && !is_clock_wrong,
            _ => is_passed,
        };
        observation(topic(kind), condition, is_seen)
    });
    observations.into()
}

fn door_observations(
    report: &Report,
    found: &Found<'_>,
    device: &TargetReport,
    sees_plan: bool,
) -> Vec<Observation> {
    let topic = |kind| Topic::Door(device.name.clone(), kind);
    let observations = DoorTrouble::ALL.map(|kind| {
        let condition = match (kind, found.get(&topic(kind))) {
            (DoorTrouble::Lost, _) => lost(report, &device.name),
            (_, None) => None,
            (DoorTrouble::Blocked, Some(troubles)) => blocked(report, troubles),
            (_, Some(troubles)) => first(troubles)
                .map(|condition| Condition { waiting: waiting(report, &device.name), ..condition }),
        };
        let is_passed = DoorTrouble::ALL
            .into_iter()
            .all(|earlier| earlier >= kind || !found.contains_key(&topic(earlier)));
        let is_seen = is_passed && (sees_plan || !kind.needs_plan());
        observation(topic(kind), condition, is_seen)
    });
    observations.into()
}

/// What waits for an approval: changes by the id of their plan, anything else by its own command.
fn blocked(report: &Report, troubles: &[&Trouble]) -> Option<Condition> {
    let texts: Vec<String> = troubles.iter().map(|trouble| trouble.text()).collect();
    let condition = Condition { detail: Some(texts.join("; ")), ..first(troubles)? };
    let is_plan = |trouble: &&Trouble| matches!(trouble.kind, TroubleKind::Blocked { .. });
    if !troubles.iter().any(is_plan) {
        return Some(condition);
    }
    let approve = report.blocked.iter().map(|id| format!("ivms-sync apply --blocked {id}"));
    Some(Condition {
        hint: Some(
            "look at the changes with the first command; if each of them is right, approve them \
             with the second. If the id is no longer known, things have changed since, and the \
             next run names another"
                .to_owned(),
        ),
        commands: std::iter::once("ivms-sync diff".to_owned()).chain(approve).collect(),
        ..condition
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
        (LossKind::KeptOut, "The door is closed for"),
        (LossKind::OpenWithoutReason, "The door still opens, rightly or not, for"),
    ] {
        let members = numbers_of(kind);
        if !members.is_empty() {
            waiting.push(format!("{what} member {}.", numbers(&members)));
        }
    }
    let (title, remedy) = explain(first.reason);
    let command = format!("ivms-sync lookup {}", first.member.human());
    let (detail, hint) = (Some(title.to_owned()), Some(remedy.to_owned()));
    Some(Condition { waiting, ..Condition::new(Exit::InStep, detail, hint, command) })
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
    if !outside.is_empty() {
        let (who, verb) = match outside.len() {
            1 => ("member", "is"),
            _ => ("members", "are"),
        };
        let count = outside.len();
        lines.push(format!("{count} {who} who renewed {verb} waiting: {}.", numbers(&outside)));
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
