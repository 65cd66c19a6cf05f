//! What a run has to say that stays true until something changes, kept so that quiet ticks and `status` can
//! say it.
//!
//! Pure. No names and no e-mails; the identities of members are whole.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{KeptLink, Report, RowLeftOut, SourceReport, TargetOutcome, TargetReport};
use crate::command::CommandName;
use crate::config::{LinkRule, Mode};
use crate::engine::plan::{LeftOut, NoDoor, Plan, Reason, sort_left_out};
use crate::model::{HolderId, RecordId, RowReason, SourceName, TargetName};
use crate::trouble::{About, Failed, Hint, Trouble, TroubleKind, TroubleWord};

#[derive(Serialize, Deserialize)]
struct Unchanged {
    /// How many persons each device holds, in the order of the configuration.
    persons: Vec<(TargetName, usize)>,
    left_out: Vec<Left>,
    /// Those left out who only have no role for a door.
    without_role: Vec<WithoutRole>,
    kept_links: Vec<Kept>,
    no_door: Vec<(Who, Reason)>,
    /// Troubles that bring no exit code.
    remarks: Vec<Remark>,
    counted: Counted,
}

/// What `status` counts over everybody, beside what a report has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// How many members of each organisation are known, in the order of the configuration.
    pub members: Vec<u64>,
    /// When somebody on each device was last seen to hold what they should, likewise.
    pub confirmed_at: Vec<Option<DateTime<Utc>>>,
    /// The rows of link files that link nobody; `None` where another look at everybody must say.
    pub rows: Option<Vec<Row>>,
}

/// A row of a link file that links nobody, without whose it is: the file, the line and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row(String, u32, RowReason);

impl From<RowLeftOut> for Row {
    fn from(RowLeftOut { file, line, reason, who: _ }: RowLeftOut) -> Self {
        Self(file, line, reason)
    }
}

impl From<Row> for RowLeftOut {
    fn from(Row(file, line, reason): Row) -> Self {
        Self { file, line, reason, who: String::new() }
    }
}

/// What `status` tells of everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// As [`Plan::left_out`].
    pub left_out: Vec<LeftOut>,
    /// How many persons each device holds, in the order of the configuration.
    pub persons: Vec<usize>,
    pub counted: Counted,
}

impl Told {
    /// How many persons a device holds, by its place in the configuration, and when one of them was last seen
    /// to hold what they should.
    #[must_use]
    pub fn on_device(&self, place: usize) -> Option<(u64, Option<DateTime<Utc>>)> {
        let persons = u64::try_from(*self.persons.get(place)?).ok()?;
        Some((persons, *self.counted.confirmed_at.get(place)?))
    }
}

#[derive(Serialize, Deserialize)]
struct Left {
    member: Who,
    reason: Reason,
    device: Option<TargetName>,
    detail: Option<String>,
    persons: Vec<RecordId>,
    has_paid_time: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_ignored: bool,
}

impl From<Left> for LeftOut {
    fn from(one: Left) -> Self {
        Self {
            source: one.member.0.source.clone(),
            member: one.member.0,
            device: one.device,
            reason: one.reason,
            detail: one.detail,
            persons: one.persons,
            has_paid_time: one.has_paid_time,
            is_ignored: one.is_ignored,
        }
    }
}

/// Members of an organisation who have no role for a device, and nothing else that there is to say: there may be
/// as many as there are former members, so little is written for each.
#[derive(Serialize, Deserialize)]
struct WithoutRole {
    source: SourceName,
    device: Option<TargetName>,
    /// Each with the persons whom the member is linked to.
    members: Vec<(String, Vec<RecordId>)>,
}

impl WithoutRole {
    /// Takes those out of a report who belong here; the others come back.
    fn of(left_out: &[LeftOut]) -> (Vec<Self>, impl Iterator<Item = &LeftOut>) {
        let is_all_there_is = |one: &LeftOut| {
            let LeftOut { reason, detail, has_paid_time, is_ignored, .. } = one;
            *reason == Reason::NoDoorRole && detail.is_none() && !has_paid_time && !is_ignored
        };
        let mut of_door: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for one in left_out.iter().filter(|one| is_all_there_is(one)) {
            let member = (one.member.as_str().to_owned(), one.persons.clone());
            of_door.entry((&one.member.source, &one.device)).or_default().push(member);
        }
        let groups = of_door.into_iter().map(|((source, device), members)| Self {
            source: source.clone(),
            device: device.clone(),
            members,
        });
        (groups.collect(), left_out.iter().filter(move |one| !is_all_there_is(one)))
    }

    /// As they were reported; `None` where a member is none.
    fn left_out(self) -> Option<Vec<LeftOut>> {
        let Self { source, device, members } = self;
        let each = members.into_iter().map(|(member, persons)| {
            Some(LeftOut {
                source: source.clone(),
                member: HolderId::new(source.clone(), &member).ok()?,
                device: device.clone(),
                reason: Reason::NoDoorRole,
                detail: None,
                persons,
                has_paid_time: false,
                is_ignored: false,
            })
        });
        each.collect()
    }
}

/// All who were left out, in the order of a report.
fn all_left_out(left_out: Vec<Left>, without_role: Vec<WithoutRole>) -> Option<Vec<LeftOut>> {
    let mut all: Vec<LeftOut> = left_out.into_iter().map(LeftOut::from).collect();
    for group in without_role {
        all.extend(group.left_out()?);
    }
    sort_left_out(&mut all);
    Some(all)
}

#[derive(Serialize, Deserialize)]
struct Kept {
    member: Who,
    device: TargetName,
    employee_no: RecordId,
    linked_by: LinkRule,
}

#[derive(Serialize, Deserialize)]
struct Remark {
    kind: TroubleWord,
    topic: String,
    about: String,
    text: String,
    hint: Option<Hint>,
}

/// A member with the whole identity, which other documents do not show.
struct Who(HolderId);

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.0.source, self.0.as_str()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (source, text) = <(SourceName, String)>::deserialize(deserializer)?;
        HolderId::new(source, &text).map(Self).map_err(de::Error::custom)
    }
}

/// Whether what a run has to say may stay true.
#[must_use]
pub fn may_last(report: &Report) -> bool {
    // Remarks, which bring no exit code, can be repeated.
    let has_nothing_to_say = report.changes.is_empty()
        && report.losses.is_empty()
        && report.troubles.iter().all(Trouble::is_remark);
    has_nothing_to_say && !report.is_limited
}

/// What a run that looked at everything and had nothing to do leaves for quiet ticks and for `status`.
/// It [may last](may_last).
///
/// # Errors
/// None that a report of ours brings.
pub fn remember(report: &Report, counted: Counted) -> Result<String, serde_json::Error> {
    let left = |one: &LeftOut| Left {
        member: Who(one.member.clone()),
        reason: one.reason,
        device: one.device.clone(),
        detail: one.detail.clone(),
        persons: one.persons.clone(),
        has_paid_time: one.has_paid_time,
        is_ignored: one.is_ignored,
    };
    let kept = |one: &KeptLink| Kept {
        member: Who(one.member.clone()),
        device: one.device.clone(),
        employee_no: one.employee_no.clone(),
        linked_by: one.rule,
    };
    let remark = |trouble: &Trouble| Remark {
        kind: trouble.word(),
        topic: trouble.topic(),
        about: trouble.about.to_string(),
        text: trouble.text(),
        hint: trouble.hint(),
    };
    let (without_role, others) = WithoutRole::of(&report.left_out);
    let no_door = report.no_door.iter().map(|one| (Who(one.member.clone()), one.reason));
    let unchanged = Unchanged {
        persons: report.devices.iter().map(|one| (one.name.clone(), one.persons)).collect(),
        left_out: others.map(left).collect(),
        without_role,
        kept_links: report.kept_links.iter().map(kept).collect(),
        no_door: no_door.collect(),
        remarks: report.troubles.iter().map(remark).collect(),
        counted,
    };
    serde_json::to_string(&unchanged)
}

/// What was left by a run with these devices.
fn read<'a>(names: impl Iterator<Item = &'a TargetName>, text: &str) -> Option<Unchanged> {
    let unchanged: Unchanged = serde_json::from_str(text).ok()?;
    names.eq(unchanged.persons.iter().map(|(name, _)| name)).then_some(unchanged)
}

/// What `status` tells of everybody, where `text` was left by a run with these devices.
#[must_use]
pub fn told<'a>(names: impl Iterator<Item = &'a TargetName>, text: &str) -> Option<Told> {
    let Unchanged { persons, left_out, without_role, counted, .. } = read(names, text)?;
    let mut left_out = all_left_out(left_out, without_role)?;
    left_out.retain(|one| !one.is_ignored);
    let persons = persons.into_iter().map(|(_, persons)| persons).collect();
    Some(Told { left_out, persons, counted })
}

/// What was counted over everybody, without what else `text` says.
#[must_use]
pub fn counted(text: &str) -> Option<Counted> {
    #[derive(Deserialize)]
    struct OfAll {
        counted: Counted,
    }

    serde_json::from_str::<OfAll>(text).ok().map(|of_all| of_all.counted)
}

/// The report of a quiet tick, and what was counted over everybody, where `text` was left by a run with these
/// devices.
#[must_use]
pub fn report<'a>(
    devices: impl Iterator<Item = (&'a TargetName, Mode)> + Clone,
    sources: Vec<SourceReport>,
    text: &str,
) -> Option<(Report, Counted)> {
    let unchanged = read(devices.clone().map(|(name, _)| name), text)?;
    let devices = devices.zip(unchanged.persons).map(|((_, mode), (name, persons))| {
        let is_observed = mode == Mode::Observe;
        let outcome = if is_observed { TargetOutcome::Observed } else { TargetOutcome::Ok };
        TargetReport { name, persons, outcome }
    });
    let kept_links = unchanged.kept_links.into_iter().map(|one| KeptLink {
        source: one.member.0.source.clone(),
        member: one.member.0,
        device: one.device,
        employee_no: one.employee_no,
        rule: one.linked_by,
    });
    let no_door = unchanged.no_door.into_iter().map(|(Who(member), reason)| NoDoor {
        source: member.source.clone(),
        member,
        reason,
    });
    let troubles =
        unchanged.remarks.into_iter().map(|Remark { kind, topic, about, text, hint }| {
            Trouble::new(
                About::Named(about),
                TroubleKind::Repeated(kind, topic, Failed { text, hint }),
            )
        });
    let report = Report {
        sources,
        devices: devices.collect(),
        left_out: all_left_out(unchanged.left_out, unchanged.without_role)?,
        kept_links: kept_links.collect(),
        no_door: no_door.collect(),
        troubles: troubles.collect(),
        ..Report::new(CommandName::Sync, None)
    };
    Some((report, unchanged.counted))
}

/// Puts what a plan of some members says in the place of what was said of them, in the order of a report.
pub fn renew(
    report: &mut Report,
    plan: &Plan,
    kept_links: Vec<KeptLink>,
    is_touched: impl Fn(&HolderId) -> bool,
) {
    report.left_out.retain(|one| !is_touched(&one.member));
    report.left_out.extend(plan.left_out_or_ignored());
    sort_left_out(&mut report.left_out);
    report.kept_links.retain(|one| !is_touched(&one.member));
    report.kept_links.extend(kept_links);
    report
        .kept_links
        .sort_by(|one, other| (&one.device, &one.member).cmp(&(&other.device, &other.member)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::holder;

    fn member(number: i64, born: Option<&str>) -> HolderId {
        let born = born.map(|date| format!("/{date}")).unwrap_or_default();
        holder(&format!("{number}{born}"))
    }

    fn device(name: &str, persons: usize) -> TargetReport {
        let name = TargetName::new(name).unwrap();
        TargetReport { name, persons, outcome: TargetOutcome::Ok }
    }

    fn report() -> Report {
        let mut report = Report::new(CommandName::Sync, None);
        report.devices = vec![device("back", 3), device("front", 412)];
        let source = || SourceName::new("club").unwrap();
        for (number, reason) in (1..).zip(Reason::ALL) {
            let is_odd = number % 2 == 1;
            report.left_out.push(LeftOut {
                reason,
                source: source(),
                member: member(number, is_odd.then_some("2001-02-28")),
                device: is_odd.then(|| TargetName::new("front").unwrap()),
                detail: (number % 3 == 0).then(|| "person 7, \"9\"\n".to_owned()),
                persons: (0..number % 3)
                    .map(|id| RecordId::new(&id.to_string()).unwrap())
                    .collect(),
                has_paid_time: number % 4 == 0,
                is_ignored: number % 5 == 0,
            });
        }
        for (number, door) in [(30, "back"), (30, "front"), (31, "front"), (32, "front")] {
            report.left_out.push(LeftOut {
                reason: Reason::NoDoorRole,
                source: source(),
                member: member(number, Some("1999-12-31")),
                device: Some(TargetName::new(door).unwrap()),
                detail: (number == 32).then(|| "something else to say".to_owned()),
                persons: vec![RecordId::new(&number.to_string()).unwrap()],
                has_paid_time: false,
                is_ignored: false,
            });
        }
        sort_left_out(&mut report.left_out);
        for rule in [LinkRule::File, LinkRule::DeviceEmail, LinkRule::HolderNumber] {
            report.kept_links.push(KeptLink {
                source: source(),
                member: member(7, None),
                device: TargetName::new("back").unwrap(),
                employee_no: RecordId::new("0012").unwrap(),
                rule,
            });
        }
        report.no_door.push(NoDoor {
            source: source(),
            member: member(8, Some("2001-02-28")),
            reason: Reason::NoEmail,
        });
        let lost = TroubleKind::WithoutDoor(3);
        report.troubles.push(Trouble::of_source(&source(), lost));
        report
    }

    fn repeated(names: &[&str], text: &str) -> Option<Report> {
        let names: Vec<_> = names.iter().map(|name| TargetName::new(name).unwrap()).collect();
        let devices = names.iter().map(|name| (name, Mode::Full));
        super::report(devices, Vec::new(), text).map(|(report, of_all)| {
            assert_eq!(Some(of_all), super::counted(text));
            report
        })
    }

    #[test]
    fn what_is_repeated_is_what_was_reported() {
        let first = report();
        let second = repeated(&["back", "front"], &remember(&first, counted()).unwrap()).unwrap();
        assert_eq!(second.left_out, first.left_out);
        assert_eq!(second.kept_links, first.kept_links);
        assert_eq!(second.no_door, first.no_door);
        assert_eq!(second.devices, first.devices);
        assert_eq!(second.troubles[0].line(), first.troubles[0].line());
        assert_eq!(second.troubles[0].topic(), first.troubles[0].topic());
    }

    fn counted() -> Counted {
        let file = "/etc/persons.csv".to_owned();
        let row = Row(file, 7, RowReason::SeveralPersons);
        let at = DateTime::from_timestamp(1_700_000_000, 0);
        Counted { members: vec![9], confirmed_at: vec![at, None], rows: Some(vec![row]) }
    }

    #[test]
    fn status_tells_of_nobody_of_whom_a_membership_alone_is_ignored() {
        let first = report();
        let names = ["back", "front"].map(|name| TargetName::new(name).unwrap());
        let text = remember(&first, counted()).unwrap();
        let told = told(names.iter(), &text).unwrap();
        let mut left_out = first.left_out;
        left_out.retain(|one| !one.is_ignored);
        assert_eq!(told, Told { left_out, persons: vec![3, 412], counted: counted() });
        assert!(super::told(names.iter().rev(), &text).is_none());
        let row = RowLeftOut::from(told.counted.rows.unwrap().remove(0));
        assert_eq!((row.file.as_str(), row.line, row.who.as_str()), ("/etc/persons.csv", 7, ""));
    }

    #[test]
    fn of_other_doors_or_from_another_text_nothing_is_repeated() {
        let text = remember(&report(), counted()).unwrap();
        for names in [&[][..], &["back"], &["front", "back"]] {
            assert!(repeated(names, &text).is_none(), "{names:?}");
        }
        for (from, to) in [
            ("no-email", "no-such-reason"),
            ("\"1/2001-02-28\"", "\"\""),
            ("\"30/1999-12-31\"", "\"\""),
            ("\"club\"", "\"the club\""),
            ("member-number", "by-guess"),
            ("\"0012\"", "\"\""),
            ("{\"persons\"", "{\"people\""),
            ("}", ""),
        ] {
            assert!(text.contains(from), "{from}");
            let text = text.replacen(from, to, 1);
            assert!(repeated(&["back", "front"], &text).is_none(), "{from} -> {to}");
        }
    }
}
