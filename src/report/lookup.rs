//! The story of one member, as text and as JSON.
//!
//! Pure, but for [`story`], which reads the state file.

pub mod nobody;
pub mod story;
pub mod target;
mod why;

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Serialize, Serializer};

use super::gates::CarAtGateTold;
use super::history::{local, table};
use super::look::{Look, Tone};
use super::table::Table;
use super::{Head, RowLeftOut, text};
use crate::command::CommandName;
use crate::config::LinkRule;
use crate::engine::plan::Reason;
use crate::exit::Exit;
use crate::model::{
    Email, Holder, HolderNumber, Limit, RecordId, RightCode, SourceName, Span, TargetName, Window,
    Zone, printable,
};

use crate::store::AuditEntry;
use crate::text::shell::quoted;
use crate::text::times::whole_seconds;
use crate::trouble::Trouble;

/// So many of a name are listed.
const SEVERAL_MAX: usize = 30;

/// What was asked and what was found.
#[derive(Debug, Clone)]
pub struct Story {
    pub who: String,
    pub members: Vec<HolderStory>,
    /// All who fit a name that is not one member's alone; then nobody is told of in [`Self::members`].
    pub several: Vec<Holder>,
    /// What was searched, in plain words; said when nobody was found.
    pub searched: Vec<String>,
    /// Whom somebody may have meant then.
    pub near: Vec<String>,
    /// What to do then; empty else, as are the two before.
    pub advice: String,
    /// The zone in which people here read times.
    pub zone: Zone,
    /// Whether the state file alone was asked.
    pub is_offline: bool,
    /// Rows of link files that name whoever was asked for or found, and link nobody.
    pub rows_left_out: Vec<RowLeftOut>,
}

/// One member, from both sides.
#[derive(Debug, Clone)]
pub struct HolderStory {
    /// The organisation's name in the configuration.
    pub source: SourceName,
    /// What its system is called.
    pub system: &'static str,
    pub member: Holder,
    /// Role names, where they are known.
    pub role_names: Vec<(RightCode, Option<String>)>,
    /// What the member should hold, on doors that take every role of the organisation.
    pub validity: Option<Window>,
    /// Why the member's own entry cannot be used.
    pub problem: Option<String>,
    pub devices: Vec<TargetStory>,
    /// The member's cars, as link files name them.
    pub cars: Vec<CarStory>,
    /// The audit log, newest first.
    pub history: Vec<AuditEntry>,
}

/// One car of a member, at every gate for members' cars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarStory {
    /// The plate as documents write it.
    pub plate: String,
    pub gates: Vec<CarAtGateTold>,
    /// The membership gives it a gate that does not open.
    #[serde(skip)]
    pub stands_outside: bool,
}

/// One member on one device.
#[derive(Debug, Clone, Serialize)]
pub struct TargetStory {
    pub name: TargetName,
    /// The person, if linked.
    pub employee_no: Option<RecordId>,
    /// What the door calls that person.
    pub person_name: Option<String>,
    pub linked_by: Option<LinkRule>,
    /// That rule no longer gives the person; the link is kept from before.
    #[serde(rename = "link_kept")]
    pub is_link_kept: bool,
    /// What the device holds now (or held when it was last read).
    #[serde(serialize_with = "actual")]
    pub actual: Option<Limit>,
    /// What it should hold.
    pub expected: Option<Window>,
    /// Whether the two agree, or nothing is expected and nothing is there.
    pub in_step: bool,
    /// Whether the door opens now, as far as the validity decides.
    pub opens_now: bool,
    /// One sentence that says why the door opens or does not.
    pub why: String,
    /// Why nothing is done for the member here, if so.
    #[serde(rename = "reason")]
    pub left_out: Option<Reason>,
    /// What the next tick will do.
    pub next: Option<String>,
    /// What the admin can do.
    pub remedy: Option<String>,
    /// Whether what was written is in force at the doors, where that is a step of its own.
    pub in_force: Option<bool>,
    /// Since when something written is not known to be in force.
    #[serde(skip)]
    pub not_in_force_since: Option<DateTime<Utc>>,
    /// When the device was last seen to hold what it should.
    #[serde(serialize_with = "whole_seconds")]
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When the device was last read whole.
    #[serde(serialize_with = "whole_seconds")]
    pub read_at: Option<DateTime<Utc>>,
}

impl Story {
    /// Whether there is a member to tell of, or several to choose from.
    #[must_use]
    pub fn finds_somebody(&self) -> bool {
        !self.members.is_empty() || !self.several.is_empty()
    }

    /// 20 nobody or not one alone, 21 a device differs, 0 otherwise. What is found counts. "Nobody" is certain
    /// only when every source could be asked; a door that is unreachable takes nobody out of a source.
    #[must_use]
    pub fn exit_beside(&self, troubles: &[Trouble]) -> Exit {
        match self.exit() {
            Exit::NobodyFound if self.several.is_empty() => {
                let troubles = troubles.iter().map(Trouble::exit);
                let doubts = troubles.filter(|exit| *exit != Exit::PartFailed);
                Exit::of_all(doubts.chain([Exit::NobodyFound]))
            }
            exit => exit,
        }
    }

    fn exit(&self) -> Exit {
        if self.members.is_empty() {
            Exit::NobodyFound
        } else if self.members.iter().all(HolderStory::is_in_step) {
            Exit::InStep
        } else {
            Exit::DeviceDiffers
        }
    }
}

/// The story as text.
#[must_use]
pub fn render(story: &Story, look: Look) -> String {
    if !story.several.is_empty() {
        return look.folded(several_text(story, look));
    }
    if story.members.is_empty() {
        let mut out = format!("Nobody found for {}.\n\nSearched:\n", printable(&story.who));
        for place in &story.searched {
            let _ = writeln!(out, "  - {place}");
        }
        if !story.near.is_empty() {
            let _ = writeln!(out, "\nDid you mean:");
            for one in &story.near {
                let _ = writeln!(out, "  - {}", printable(one));
            }
        }
        let _ = writeln!(out, "\n{}", printable(&story.advice));
        out.push_str(&rows_text(&story.rows_left_out));
        return look.folded(out);
    }
    let mut out = String::new();
    if story.members.len() > 1 {
        let _ = writeln!(out, "{} members fit {}:\n", story.members.len(), printable(&story.who));
    }
    for (place, member) in story.members.iter().enumerate() {
        if place > 0 {
            out.push('\n');
        }
        out.push_str(&member_text(member, story.is_offline, (look, story.zone)));
    }
    out.push_str(&rows_text(&story.rows_left_out));
    look.folded(out)
}

/// Who fits a name, for the desk to say which.
fn several_text(story: &Story, look: Look) -> String {
    let mut table = Table::new(&["member", "name", "e-mail", "of"]);
    for member in story.several.iter().take(SEVERAL_MAX) {
        table.row([
            member.key.human().to_owned(),
            member.name(),
            member.email.as_ref().map(Email::to_string).unwrap_or_default(),
            member.key.source.to_string(),
        ]);
    }
    let count = story.several.len();
    let mut out = format!("{count} members fit {}:\n{}", printable(&story.who), table.render(look));
    if let Some(more) = count.checked_sub(SEVERAL_MAX).filter(|more| *more > 0) {
        let _ = writeln!(out, "  … and {more} more: type more of the name");
    }
    let first = story.several.first().map_or("", |member| member.key.human());
    let _ = writeln!(out, "\nSay which, by the number: `ivms-sync lookup {}`", quoted(first));
    out
}

fn rows_text(rows: &[RowLeftOut]) -> String {
    let mut out = String::new();
    for row in rows {
        let _ = write!(out, "\nIn {}\n", printable(&row.sentence()));
        line(&mut out, "holds", &row.who);
        line(&mut out, "to do", row.reason.explain().1);
    }
    out
}

/// Adds a line with its title; the texts of others are made safe for a terminal.
fn line(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, "  {title:<11} {}", printable(text));
}

fn member_text(story: &HolderStory, is_offline: bool, (look, zone): (Look, Zone)) -> String {
    let (member, system) = (&story.member, story.system);
    let (name, number) = (printable(&member.name()), member.key.human());
    let mut out = format!("{name}, member {number} of {}\n", story.source);
    let email = member.email.as_ref();
    line(&mut out, "e-mail", &email.map_or_else(|| format!("none in {system}"), Email::to_string));
    if member.inactive {
        let _ = writeln!(out, "  marked inactive in {system}");
    }
    if let Some(problem) = &story.problem {
        let problem = printable(problem);
        let _ = writeln!(out, "  the newest entry in {system} cannot be used: {problem}");
    }
    for role in &member.roles {
        let Span::Wall { begin, end } = role.time;
        let times = format!("{} – {}", text::first(begin), text::moment(end));
        // A role without a name is remembered by its number.
        let name = story.role_name(&role.id).filter(|name| *name != role.id.as_str());
        let name = match name.unwrap_or_default() {
            "" => format!("role {}", role.id),
            name => format!("{name} ({})", role.id),
        };
        line(&mut out, "membership", &format!("{times}  {name}"));
    }
    for role in &member.unreadable {
        line(&mut out, "membership", &role.to_string());
    }
    let may_enter = match &story.validity {
        Some(window) => text::window(window),
        None if !member.unreadable.is_empty() => {
            format!("not known: correct the dates in {system}")
        }
        None => "at no time: no membership opens a door".to_owned(),
    };
    line(&mut out, "may enter", &may_enter);
    for device in &story.devices {
        out.push_str(&device_text(device, is_offline, (look, zone)));
    }
    for car in &story.cars {
        let _ = writeln!(out, "\nCar {}", car.plate);
        for gate in &car.gates {
            let _ = writeln!(out, "  {}", gate.line(look));
        }
    }
    out.push_str(&history_text(&story.history, (look, zone)));
    out
}

fn device_text(device: &TargetStory, is_offline: bool, (look, zone): (Look, Zone)) -> String {
    // Somebody who was not found may well be on the door, under a person nobody linked.
    let (state, tone) = match (&device.employee_no, device.opens_now) {
        (None, _) => ("linked to nobody there", Tone::Warning),
        (Some(_), _) if device.not_in_force_since.is_some() => {
            ("not yet in force at the doors", Tone::Warning)
        }
        (Some(_), true) => ("opens now", Tone::Good),
        (Some(_), false) => ("does not open now", Tone::Bad),
    };
    let state = look.paint(tone, state);
    let mut out = format!("\n{}: {state}\n  {}\n", device.name, printable(&device.why));
    let person = device.employee_no.as_ref().zip(device.linked_by).map(|(person, rule)| {
        let kept = if device.is_link_kept { ", kept from before" } else { "" };
        let person = text::person(person, device.person_name.as_deref());
        format!("{person} (found by {}{kept})", rule_words(rule))
    });
    let since = device.not_in_force_since.map(|since| local(since, zone));
    for (title, text) in [
        ("person", person),
        ("holds", device.actual.as_ref().map(text::limit)),
        ("should hold", device.expected.as_ref().map(text::window)),
        ("next", device.next.clone()),
        ("to do", device.remedy.clone()),
        (
            "at doors",
            since.map(|at| format!("written, not yet in force at the doors (since {at})")),
        ),
        ("confirmed", device.confirmed_at.map(|at| local(at, zone))),
    ] {
        if let Some(text) = text {
            line(&mut out, title, &text);
        }
    }
    if is_offline {
        let read = device.read_at.map(|at| format!("as of {}", local(at, zone)));
        let _ = writeln!(out, "  from memory, {}", read.as_deref().unwrap_or("never read"));
    }
    out
}

fn rule_words(rule: LinkRule) -> &'static str {
    match rule {
        LinkRule::File => "link file",
        LinkRule::DeviceEmail => "e-mail on the door",
        LinkRule::HolderNumber => "member number and name",
        LinkRule::Accepted => "accepted by hand",
    }
}

fn history_text(history: &[AuditEntry], (look, zone): (Look, Zone)) -> String {
    if history.is_empty() {
        return "\nNothing was ever changed for this member.\n".to_owned();
    }
    let lines = history.iter().map(|entry| (entry, None));
    format!("\nHistory\n{}", table(lines, zone).render(look))
}

/// The JSON document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    who: &'a str,
    members: Vec<Member<'a>>,
    several: Vec<OneOfSeveral<'a>>,
    searched: &'a [String],
    near: &'a [String],
    rows_left_out: &'a [RowLeftOut],
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct OneOfSeveral<'a> {
    source: &'a SourceName,
    number: Option<&'a HolderNumber>,
    name: String,
    email: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Member<'a> {
    source: &'a SourceName,
    number: Option<&'a HolderNumber>,
    name: String,
    email: Option<&'a str>,
    active: bool,
    problem: Option<&'a str>,
    roles: Vec<Role<'a>>,
    unreadable_roles: Vec<UnreadableRole<'a>>,
    validity: Option<Window>,
    devices: &'a [TargetStory],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cars: &'a [CarStory],
    history: &'a [AuditEntry],
}

#[derive(Debug, Serialize)]
struct Role<'a> {
    id: &'a RightCode,
    name: Option<&'a str>,
    begin: NaiveDateTime,
    end: NaiveDateTime,
}

#[derive(Debug, Serialize)]
struct UnreadableRole<'a> {
    id: &'a RightCode,
    name: Option<&'a str>,
    problem: &'a str,
}

/// What a device holds, and whether its dates are enforced there.
fn actual<S: Serializer>(limit: &Option<Limit>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Actual {
        #[serde(flatten)]
        times: Limit,
        enable: bool,
    }
    let enable = |limit: &Limit| !matches!(limit, Limit::Permanent(_));
    limit.map(|times| Actual { times, enable: enable(&times) }).serialize(serializer)
}

/// Makes the JSON document that ends with `exit_code`.
#[must_use]
pub fn document(story: &Story, exit_code: u8) -> Document<'_> {
    Document {
        head: Head::of(CommandName::Lookup),
        who: &story.who,
        members: story.members.iter().map(HolderStory::json).collect(),
        several: story.several.iter().map(one_of_several).collect(),
        searched: &story.searched,
        near: &story.near,
        rows_left_out: &story.rows_left_out,
        exit_code,
    }
}

fn one_of_several(member: &Holder) -> OneOfSeveral<'_> {
    OneOfSeveral {
        source: &member.key.source,
        number: member.number.as_ref(),
        name: member.name(),
        email: member.email.as_ref().map(Email::as_str),
    }
}

impl HolderStory {
    fn is_in_step(&self) -> bool {
        self.devices.iter().all(|device| device.in_step)
            && !self.cars.iter().any(|car| car.stands_outside)
    }

    fn role_name(&self, id: &RightCode) -> Option<&str> {
        let (_, name) = self.role_names.iter().find(|(known, _)| known == id)?;
        name.as_deref()
    }

    fn json(&self) -> Member<'_> {
        let member = &self.member;
        let roles = member.roles.iter().map(|role| {
            let Span::Wall { begin, end } = role.time;
            Role { id: &role.id, name: self.role_name(&role.id), begin, end }
        });
        let unreadable = member.unreadable.iter().map(|role| UnreadableRole {
            id: &role.id,
            name: self.role_name(&role.id),
            problem: &role.problem,
        });
        Member {
            source: &self.source,
            number: member.number.as_ref(),
            name: member.name(),
            email: member.email.as_ref().map(Email::as_str),
            active: !member.inactive,
            problem: self.problem.as_deref(),
            roles: roles.collect(),
            unreadable_roles: unreadable.collect(),
            validity: self.validity,
            devices: &self.devices,
            cars: &self.cars,
            history: &self.history,
        }
    }
}
