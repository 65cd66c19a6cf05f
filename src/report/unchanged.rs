//! What a run has to say that stays true until something changes, kept so that quiet ticks can say it.
//!
//! Pure. No names and no e-mails; the identities of members are whole.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{KeptLink, Report, SourceReport, TargetOutcome, TargetReport};
use crate::command::CommandName;
use crate::config::{LinkRule, Mode};
use crate::engine::plan::{LeftOut, NoDoor, Plan, Reason, sort_left_out};
use crate::model::{HolderId, RecordId, SourceName, TargetName};
use crate::trouble::{About, Failed, Hint, Trouble, TroubleKind, TroubleWord};

#[derive(Serialize, Deserialize)]
struct Unchanged {
    /// How many persons each device holds, in the order of the configuration.
    persons: Vec<(TargetName, usize)>,
    left_out: Vec<Left>,
    kept_links: Vec<Kept>,
    no_door: Vec<(Who, Reason)>,
    /// Troubles that bring no exit code.
    remarks: Vec<Remark>,
}

#[derive(Serialize, Deserialize)]
struct Left {
    member: Who,
    reason: Reason,
    device: Option<TargetName>,
    detail: Option<String>,
    persons: Vec<RecordId>,
    has_paid_time: bool,
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

/// What a run that looked at everything and had nothing to do leaves for quiet ticks.
#[must_use]
pub fn remember(report: &Report) -> Option<String> {
    // Remarks, which bring no exit code, can be repeated.
    let has_nothing_to_say = report.changes.is_empty()
        && report.losses.is_empty()
        && report.troubles.iter().all(Trouble::is_remark);
    if report.is_limited || !has_nothing_to_say {
        return None;
    }
    let left = |one: &LeftOut| Left {
        member: Who(one.member.clone()),
        reason: one.reason,
        device: one.device.clone(),
        detail: one.detail.clone(),
        persons: one.persons.clone(),
        has_paid_time: one.has_paid_time,
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
    let no_door = report.no_door.iter().map(|one| (Who(one.member.clone()), one.reason));
    let unchanged = Unchanged {
        persons: report.devices.iter().map(|one| (one.name.clone(), one.persons)).collect(),
        left_out: report.left_out.iter().map(left).collect(),
        kept_links: report.kept_links.iter().map(kept).collect(),
        no_door: no_door.collect(),
        remarks: report.troubles.iter().map(remark).collect(),
    };
    serde_json::to_string(&unchanged).ok()
}

/// The report of a quiet tick, where `text` was left by a run with these devices.
#[must_use]
pub fn report<'a>(
    devices: impl Iterator<Item = (&'a TargetName, Mode)> + Clone,
    sources: Vec<SourceReport>,
    text: &str,
) -> Option<Report> {
    let unchanged: Unchanged = serde_json::from_str(text).ok()?;
    let names = devices.clone().map(|(name, _)| name);
    if !names.eq(unchanged.persons.iter().map(|(name, _)| name)) {
        return None;
    }
    let devices = devices.zip(unchanged.persons).map(|((_, mode), (name, persons))| {
        let is_observed = mode == Mode::Observe;
        let outcome = if is_observed { TargetOutcome::Observed } else { TargetOutcome::Ok };
        TargetReport { name, persons, outcome }
    });
    let left_out = unchanged.left_out.into_iter().map(|one| LeftOut {
        source: one.member.0.source.clone(),
        member: one.member.0,
        device: one.device,
        reason: one.reason,
        detail: one.detail,
        persons: one.persons,
        has_paid_time: one.has_paid_time,
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
    Some(Report {
        sources,
        devices: devices.collect(),
        left_out: left_out.collect(),
        kept_links: kept_links.collect(),
        no_door: no_door.collect(),
        troubles: troubles.collect(),
        ..Report::new(CommandName::Sync, None)
    })
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
            });
        }
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
        super::report(names.iter().map(|name| (name, Mode::Full)), Vec::new(), text)
    }

    #[test]
    fn what_is_repeated_is_what_was_reported() {
        let first = report();
        let second = repeated(&["back", "front"], &remember(&first).unwrap()).unwrap();
        assert_eq!(second.left_out, first.left_out);
        assert_eq!(second.kept_links, first.kept_links);
        assert_eq!(second.no_door, first.no_door);
        assert_eq!(second.devices, first.devices);
        assert_eq!(second.troubles[0].line(), first.troubles[0].line());
        assert_eq!(second.troubles[0].topic(), first.troubles[0].topic());
    }

    #[test]
    fn of_other_doors_or_from_another_text_nothing_is_repeated() {
        let text = remember(&report()).unwrap();
        for names in [&[][..], &["back"], &["front", "back"]] {
            assert!(repeated(names, &text).is_none(), "{names:?}");
        }
        for (from, to) in [
            ("no-email", "no-such-reason"),
            ("\"1/2001-02-28\"", "\"\""),
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
