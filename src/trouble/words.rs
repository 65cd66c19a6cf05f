//! The texts of all troubles, as one list.

use std::fmt;

use super::{About, Failed, Hint, Reviewed, Trouble, TroubleKind};
use crate::model::{Flaw, RecordId};
use crate::text::lists::{many, some_of};

/// So many are named one by one; the rest is counted.
const NAMED_MAX: usize = 8;

/// A new plan for one that does not fit any more.
const NEW_PLAN: &str = "make a new plan with `ivms-sync diff --out PLAN` and look at it again";

impl Trouble {
    /// What happened, as a sentence fragment that follows the name.
    #[must_use]
    pub fn text(&self) -> String {
        self.kind.text()
    }

    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        self.kind.hint(&self.about)
    }
}

fn left_out(lines: &[u32], what: &str, (why, _): (&str, &str)) -> String {
    let count = many(lines.len(), "row");
    format!("{count} {what} (line {}): {why}", some_of(lines, NAMED_MAX, ", "))
}

impl TroubleKind {
    fn text(&self) -> String {
        match self {
            Self::Unreachable(failed)
            | Self::Unusable(failed)
            | Self::LoginRefused(failed)
            | Self::RightMissing(failed)
            | Self::ListRefused(_, failed)
            | Self::NotTold(failed)
            | Self::BrokeOff(_, failed)
            | Self::Repeated(_, _, failed) => failed.text.clone(),
            Self::NotBelieved { text, .. } | Self::Twin(text) | Self::HeldBack { text, .. } => {
                text.clone()
            }
            Self::ServerClock(reason) => {
                format!("{reason}; none of its listing counts, and nothing is taken away")
            }
            Self::OwnClock(reason) => format!("{reason}; nothing was written"),
            Self::NoNumber(count) => {
                let (entries, member) = match count {
                    1 => ("1 entry has".to_owned(), "that member"),
                    _ => (format!("{count} entries have"), "those members"),
                };
                format!(
                    "{entries} no member number that can be read, and nothing is done for {member}"
                )
            }
            Self::NobodyListed { elsewhere: 0, .. } => "the listing has no members".to_owned(),
            Self::NobodyListed { elsewhere, .. } => {
                format!("the listing has {elsewhere} members, none of them of this organisation")
            }
            Self::LinkFileUnread { failed, .. } => {
                format!("{}; its rows from the last reading are used", failed.text)
            }
            Self::RightsUnread { was_read: true, failed, .. } => format!(
                "{}; what is known of it stays, and counts as fresh until `fresh_for` is over",
                failed.text
            ),
            Self::RightsUnread { was_read: false, failed, .. } => {
                format!(
                    "{}; nothing is known of it, so that nobody is told \"no right\"",
                    failed.text
                )
            }
            Self::CitationsUnread { failed, .. } => {
                format!("{}; the citations that are known stay", failed.text)
            }
            Self::CitationsLeftOut(count) => {
                format!("{} without a name or a time, left out", many(*count, "citation"))
            }
            Self::MemberPlatesUnread { failed: Failed { text, .. }, .. } => {
                format!("no plates are taken from it: it {text}; what is known of them stays")
            }
            Self::MemberPlatesLeftOut { reason, lines } => {
                left_out(lines, "left out for plates", reason.explain())
            }
            Self::PermitListUnwritten(failed) => {
                format!("cannot be written: {}; the list of before stays", failed.text)
            }
            Self::RightsRowsLeftOut { reason, lines } => {
                left_out(lines, "left out", reason.explain())
            }
            Self::RightsLeftOut { reason, ids } => {
                let (count, named) = (many(ids.len(), "right"), some_of(ids, NAMED_MAX, ", "));
                format!("{count} left out ({named}): {}", reason.explain_listed().0)
            }
            Self::Busy(holder) => {
                let who = match holder {
                    Some((process, since)) => format!(" (process {process}, since {since})"),
                    None => String::new(),
                };
                format!(
                    "another ivms-sync on this computer is talking to it{who}; it was not asked"
                )
            }
            Self::BackingOff { failed, count, until, .. } => {
                format!("{} (failed {count} times in a row; asked again at {until})", failed.text)
            }
            Self::UnclearDates(count) => {
                let have = if *count == 1 { "has" } else { "have" };
                format!(
                    "{} {have} dates in a form that can mean two things, or none; nothing is changed for them",
                    many(*count, "person")
                )
            }
            Self::Flawed(_, persons) => format!("{persons}; nothing is changed there for them"),
            Self::UnusableEntries(entries) => format!("not every person can be used: {entries}"),
            Self::ClockOff { off, shown, expected, zone } => format!(
                "its clock is {off}: it shows {shown} where {zone} has {}; nothing was written there",
                expected.format("%Y-%m-%d %H:%M:%S"),
            ),
            Self::ClockZone { stated, expected, zone } => format!(
                "its clock shows the right time, but its zone is {stated} where {zone} has {expected}; \
                 nothing was written there"
            ),
            Self::Unproven { firmware, count, next, .. } => format!(
                "confirmed none of {count} writes, the first to its firmware {firmware}; the others wait, \
                 and one person more is tried {next}"
            ),
            Self::ChangedUnasked { text, .. } => format!(
                "changed what nobody asked for ({text}); nothing is written there until it is accepted"
            ),
            Self::TakesNoChange { firmware, why, .. } => format!(
                "its firmware {firmware} takes no change of a person, neither by PUT nor by POST ({why}); \
                 this will not work until it has other firmware, so nothing is tried"
            ),
            Self::Moved(count, _) => {
                let was = if *count == 1 { "was" } else { "were" };
                format!(
                    "{} {was} refused, because somebody changed the person on the door meanwhile",
                    many(*count, "change")
                )
            }
            Self::NotApplied { count, .. } => {
                format!("{} did not take effect", many(*count, "change"))
            }
            Self::NotTakenAtDoors(failed) => {
                format!("written, but not taken at the doors: {}", each_of(failed, "at "))
            }
            Self::NotPutInForce(refused) => format!(
                "written, but not in force at the doors, since the platform refuses to apply it: {}",
                each_of(refused, "")
            ),
            Self::GoneBeforeInForce(persons) => format!(
                "written, and gone from the platform before it was in force at the doors: {} {}",
                if persons.len() == 1 { "person" } else { "persons" },
                some_of(persons, NAMED_MAX, ", "),
            ),
            Self::TargetLeft(persons) => format!(
                "{} written there and not known to be in force at the doors, and no section of the \
                 configuration names it any more: nothing is done for them",
                many(*persons, "person"),
            ),
            Self::Unfit(persons) => format!(
                "cannot be changed until the entry is corrected there: {}",
                each_of(persons, "")
            ),
            Self::NotInForce(persons) => format!(
                "written more than 30 minutes ago, and not known to be in force at the doors: {} {}",
                if persons.len() == 1 { "person" } else { "persons" },
                some_of(persons, NAMED_MAX, ", "),
            ),
            Self::Blocked { persons, by, plan } => {
                format!("{}; none of that was written (blocked plan {plan})", by.text(*persons))
            }
            Self::Rows(rows) => rows.text(),
            Self::Document(document) => document.text(),
            Self::Collection(collection) => collection.text(),
            Self::Books(books) => books.text(),
            Self::Overtaken(person, None) => format!(
                "person {person} keeps access: the membership is paid for, by what has become known since \
                 the plan was made"
            ),
            Self::Overtaken(person, Some(rule)) => format!(
                "person {person} is left alone, by what became known since the plan was made: {rule}"
            ),
            Self::TimeLimit => {
                "the time limit was reached; the rest follows in the next run".to_owned()
            }
            Self::Interrupted(_) => {
                "interrupted; the change that was being made is complete, and the rest \
                                     follows in the next run"
                    .to_owned()
            }
            Self::ServedNoMore { member, person, why, is_open } => {
                let door = if *is_open { "the door opens" } else { "the door is closed" };
                format!(
                    "member {member} was served until now (person {person}) and is left out: {why}; {door}"
                )
            }
            Self::MoreServedNoMore(count) => {
                format!("{} more who were served are left out", many(*count, "member"))
            }
            Self::TooManyLost { lost, served, allowed, common } => format!(
                "not believed: {lost} of {} served until now would be left out, and at most {allowed} may \
                 be; {common}; none of it was written",
                many(*served, "member"),
            ),
            Self::NewWithoutDoor(members, why) => {
                let (who, have) = match members.len() {
                    1 => ("member", "has"),
                    _ => ("members", "have"),
                };
                format!(
                    "{who} {} paid and {have} no door: {why}",
                    some_of(members, NAMED_MAX, ", ")
                )
            }
            Self::WithoutDoor(count) => {
                let have = if *count == 1 { "has" } else { "have" };
                format!("{} paid and {have} no door", many(*count, "member"))
            }
            Self::Released { person, member, until, .. } => {
                let until =
                    until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
                format!(
                    "person {person} was written to for member {member}, is linked to nobody now and has \
                     access{until}"
                )
            }
            Self::Permanent(who, (title, _)) => format!(
                "{} {title}: member {}",
                many(who.len(), "member"),
                some_of(who, NAMED_MAX, ", ")
            ),
            Self::ProtectsNobody(ids) => {
                let (who, are) = if ids.len() == 1 { ("person", "is") } else { ("persons", "are") };
                format!(
                    "{who} {} under `protect` {are} not on the door",
                    some_of(ids, NAMED_MAX, ", ")
                )
            }
            Self::OtherNames(members) => format!(
                "{} linked by a link file to a person with another name: member {}",
                many(members.len(), "member"),
                some_of(members, NAMED_MAX, ", ")
            ),
            Self::LinkFilesDoubted { rows, .. } => format!(
                "the link files are not believed: most of their new rows lead to persons with the names of \
                 other members, as if one column had been sorted without the other; not linked: {} \
                 (member {})",
                many(rows.len(), "member"),
                some_of(rows, NAMED_MAX, ", "),
            ),
            Self::OrganisationLeft { organisation, members, .. } => format!(
                "{} of organisation {organisation} served until now, and no section of the configuration \
                 has that organisation: nothing is done for them",
                many(*members, "member"),
            ),
        }
    }

    fn hint(&self, about: &About) -> Option<Hint> {
        let hint = match self {
            Self::Unreachable(failed)
            | Self::Unusable(failed)
            | Self::LoginRefused(failed)
            | Self::RightMissing(failed)
            | Self::ListRefused(_, failed)
            | Self::LinkFileUnread { failed, .. }
            | Self::RightsUnread { failed, .. }
            | Self::CitationsUnread { failed, .. }
            | Self::MemberPlatesUnread { failed, .. }
            | Self::PermitListUnwritten(failed)
            | Self::NotTold(failed)
            | Self::BrokeOff(_, failed)
            | Self::Repeated(_, _, failed) => return failed.hint.clone(),
            Self::BackingOff { failed, .. } => {
                let ask = |text| Hint::command(text, "ivms-sync sync --full".to_owned());
                match &failed.hint {
                    Some(Hint { text, command: None }) => ask(format!("{text}; to ask it now")),
                    Some(hint) => hint.clone(),
                    None => ask("to ask it now".to_owned()),
                }
            }
            Self::NotTakenAtDoors(_) => Hint::text(
                "see that these devices are on and reachable from the platform; the next run applies the \
                 persons again",
            ),
            Self::NotInForce(_) => Hint::text(
                "look in the platform's Web Client whether persons wait to be applied to their devices, \
                 and apply them there",
            ),
            Self::NotPutInForce(_) => Hint::text(
                "look at these persons and their access levels in the platform's Web Client, and apply them \
                 there; the next run asks for it again",
            ),
            Self::GoneBeforeInForce(_) => Hint::text(
                "see in the platform's Web Client that its doors do not know them any more",
            ),
            Self::TargetLeft(_) => Hint::text(
                "name the section as before; if the platform is gone for good, apply these persons to their \
                 devices in its Web Client",
            ),
            Self::Unfit(_) => Hint::text(
                "correct the field there, in the platform's Web Client or on the device; the next run tries \
                 again",
            ),
            Self::Rows(rows) => return rows.hint(),
            Self::Document(document) => return document.hint(),
            Self::Collection(collection) => return collection.hint(),
            Self::Books(books) => return books.hint(),
            Self::Moved(_, Reviewed::No)
            | Self::NotApplied { is_tried_again: false, .. }
            | Self::TimeLimit
            | Self::Interrupted(_) => return None,
            Self::ServerClock(_) => Hint::text(
                "nothing to set right here: tell whoever runs the proxy, or the support of that system",
            ),
            Self::OwnClock(_) => Hint::text(
                "set this computer's clock and let it be kept right (NTP; on Linux `timedatectl set-ntp \
                 true`): every end date is judged by it",
            ),
            Self::NoNumber(_) => {
                Hint::text("look there for a member without a number, or with number 0")
            }
            Self::NobodyListed { account, .. } => Hint::text(format!(
                "see that {account} is right and that the account may export its \
                 members"
            )),
            Self::RightsRowsLeftOut { reason, .. } => Hint::text(reason.explain().1),
            Self::RightsLeftOut { reason, .. } => Hint::text(reason.explain_listed().1),
            Self::CitationsLeftOut(_) => {
                Hint::text("look for them in that service, and ask it why")
            }
            Self::MemberPlatesLeftOut { reason, .. } => Hint::text(reason.explain().1),
            Self::Busy(_) => Hint::text("run it again when the other one is done"),
            Self::HeldBack { is_spent: true, .. } => Hint::text(
                "so many logins were refused within half an hour that one more, with whatever password, \
                 could lock this computer out; find what sends wrong ones, and wait",
            ),
            Self::HeldBack { is_spent: false, .. } => Hint::text(format!(
                "correct the login in the section of {about}; a changed one is tried at once, and so is any \
                 by `ivms-sync check`"
            )),
            Self::NotBelieved { persons, .. } => {
                let looks = format!(
                    "nothing was written there; see that the address in the section of {about} leads to the \
                     right device and that its persons are there. If it was replaced or cleaned up on \
                     purpose"
                );
                match persons {
                    Some(persons) => Hint::command(looks, accept(about, persons)),
                    None => Hint::text(format!(
                        "{looks}: run `ivms-sync sync --full`, which says how to accept it"
                    )),
                }
            }
            Self::Twin(_) => Hint::text(format!(
                "remove one of the two sections; nothing was written by way of {about}"
            )),
            Self::UnclearDates(_) => Hint::text(
                "the documented form is 2026-12-31T23:59:59 without Z or offset: set the dates anew on the \
                 device, or ask its vendor for other firmware",
            ),
            Self::Flawed(Flaw::Twice, _) => Hint::text(
                "delete the entry that is wrong on the device, or give it a number of its own",
            ),
            Self::Flawed(Flaw::NotUtf8, _) => Hint::text(
                "write the name anew on the device, or ask its vendor for other firmware",
            ),
            Self::UnusableEntries(_) => {
                Hint::text("give that person a number on the device, or delete it there")
            }
            Self::ClockOff { .. } | Self::ClockZone { .. } => Hint::text(
                "set its clock and zone (or its NTP server), or time_zone in its section",
            ),
            Self::Unproven { persons, .. } => Hint::command(
                "see what `ivms-sync status` says of these persons, and that they are right on the device. \
                 To try the others at once",
                accept(about, persons),
            ),
            Self::ChangedUnasked { persons, .. } => Hint::command(
                format!(
                    "set that person right on the device and find out why it did so, or set mode = \
                     \"observe\" in the section of {about}; once it is right, accept it"
                ),
                accept(about, persons),
            ),
            Self::TakesNoChange { persons, .. } => Hint::command(
                format!(
                    "ask the vendor for firmware that takes changes of single persons, or set mode = \"observe\" \
                     in the section of {about} and change the dates by hand; other firmware is tried by \
                     itself. To try the same once more"
                ),
                accept(about, persons),
            ),
            Self::Moved(_, Reviewed::Yes) | Self::Overtaken(..) => Hint::text(NEW_PLAN),
            Self::NotApplied { is_tried_again: true, .. } => Hint::text("the next run tries again"),
            Self::Blocked { plan, .. } => Hint::command(
                "look at it with `ivms-sync diff`; if it is right",
                format!("ivms-sync apply --blocked {plan}"),
            ),
            Self::ServedNoMore { member, .. } => {
                Hint::command("", format!("ivms-sync lookup {member}"))
            }
            Self::MoreServedNoMore(_) => Hint::command("", "ivms-sync diff".to_owned()),
            Self::TooManyLost { lost, served, .. } => match about {
                About::Target(name) => Hint::text(format!(
                    "look at the persons on the door; if they are right: ivms-sync sync --accept-device \
                     {name}=PERSONS, with the number of persons it holds"
                )),
                _ => Hint::command(
                    "correct it in the source, or `roles` or `organisations` in the configuration; if it is right",
                    format!(
                        "ivms-sync sync --full --accept-shrink {}",
                        served.saturating_sub(*lost)
                    ),
                ),
            },
            Self::NewWithoutDoor(members, _) => {
                let first = members.first()?;
                Hint::command("", format!("ivms-sync lookup {first}"))
            }
            Self::WithoutDoor(_) => {
                Hint::text("`ivms-sync status --unlinked FILE` lists them all, with the reasons")
            }
            Self::Released { .. } => Hint::text(
                "if that is right, add the person to `protect`; otherwise approve that it ends: `ivms-sync \
                 status` names the plan",
            ),
            Self::Permanent(_, (_, remedy)) => Hint::text(*remedy),
            Self::ProtectsNobody(_) => {
                Hint::text("write each id into `protect` just as the door shows it, or take it out")
            }
            Self::OtherNames(_) => Hint::text(
                "compare the names with `ivms-sync lookup NUMBER`; a wrong row is corrected in the link \
                 file",
            ),
            Self::LinkFilesDoubted { persons, .. } => Hint::command(
                "compare a few rows with the names on the door, and correct the file; if the rows are right",
                accept(about, persons),
            ),
            Self::OrganisationLeft { persons, .. } => Hint::command(
                "put `organisation_id` right; if the organisation has left",
                accept(about, persons),
            ),
        };
        Some(hint)
    }
}

/// Some persons, each with what there is to say.
fn each_of(persons: &[(RecordId, String)], joint: &str) -> String {
    let said: Vec<String> =
        persons.iter().map(|(id, what)| format!("person {id} {joint}{what}")).collect();
    some_of(&said, NAMED_MAX, "; ")
}

/// The command that accepts what a target holds.
fn accept(name: &About, persons: &usize) -> String {
    format!("ivms-sync sync --accept-device {name}={persons}")
}

impl Failed {
    /// A failure whose hint is words alone.
    #[must_use]
    pub fn new(text: impl fmt::Display, hint: Option<impl Into<String>>) -> Self {
        Self { text: text.to_string(), hint: hint.map(Hint::text) }
    }
}

impl Hint {
    /// Something to do that is no command.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: None }
    }

    /// A command to type; the text says when.
    #[must_use]
    pub fn command(text: impl Into<String>, command: String) -> Self {
        Self { text: text.into(), command: Some(command) }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.command {
            None => f.write_str(&self.text),
            Some(command) if self.text.is_empty() => f.write_str(command),
            Some(command) => write!(f, "{}: {command}", self.text),
        }
    }
}
