//! What a run has to say that will be true until something changes, kept so that quiet ticks can say
//! it again.
//!
//! Pure. No names and no e-mails, as in every document.

use serde::{Deserialize, Serialize};

use super::{KeptLink, Report, SourceReport, TargetOutcome, TargetReport};
use crate::command::CommandName;
use crate::config::{Config, LinkRule, Mode};
use crate::engine::plan::{LeftOut, NoDoor, Reason};
use crate::model::{HolderId, RecordId, SourceName, TargetName};
use crate::trouble::{About, Failed, Hint, Trouble, TroubleKind};

#[derive(Serialize, Deserialize)]
struct Again {
    /// In the order of the configuration.
    persons: Vec<(String, usize)>,
    left_out: Vec<Left>,
    kept_links: Vec<Kept>,
    /// Troubles that bring no exit code.
    remarks: Vec<Remark>,
    /// Members who have paid and have no door, and why.
    no_door: Vec<(Who, String)>,
}

#[derive(Serialize, Deserialize)]
struct Remark {
    topic: String,
    about: String,
    text: String,
    hint: Option<String>,
    command: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Who {
    source: String,
    holder: String,
}

#[derive(Serialize, Deserialize)]
struct Left {
    who: Who,
    reason: String,
    device: Option<String>,
    detail: Option<String>,
    persons: Vec<String>,
    has_paid_time: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    who: Who,
    device: String,
    employee_no: String,
    linked_by: String,
}

/// Writes down what a report says of devices and of members for whom nothing is done.
///
/// # Errors
/// When that cannot be written as JSON, which would be a bug.
pub fn write(report: &Report) -> Result<String, serde_json::Error> {
    let left = |one: &LeftOut| Left {
        who: who(&one.source, &one.member),
        reason: one.reason.as_str().to_owned(),
        device: one.device.as_ref().map(ToString::to_string),
        detail: one.detail.clone(),
        persons: one.persons.iter().map(ToString::to_string).collect(),
        has_paid_time: one.has_paid_time,
    };
    let kept = |one: &KeptLink| Kept {
        who: who(&one.source, &one.member),
        device: one.device.to_string(),
        employee_no: one.employee_no.to_string(),
        linked_by: one.rule.as_str().to_owned(),
    };
    let persons = |one: &TargetReport| (one.name.to_string(), one.persons);
    serde_json::to_string(&Again {
        persons: report.devices.iter().map(persons).collect(),
        left_out: report.left_out.iter().map(left).collect(),
        kept_links: report.kept_links.iter().map(kept).collect(),
        no_door: report
            .no_door
            .iter()
            .map(|one| (who(&one.source, &one.member), one.reason.as_str().to_owned()))
            .collect(),
        remarks: report.troubles.iter().filter(|trouble| trouble.is_remark()).map(remark).collect(),
    })
}

/// The same of a run that looked at everything and had nothing to do: what a quiet tick says again.
#[must_use]
pub fn of_quiet(report: &Report) -> Option<String> {
    // Remarks that bring no exit code are said again.
    let has_nothing_to_say = report.changes.is_empty()
        && report.losses.is_empty()
        && report.troubles.iter().all(Trouble::is_remark);
    if report.is_limited || !has_nothing_to_say { None } else { write(report).ok() }
}

/// The report of a quiet tick, where the text is one of its configuration.
#[must_use]
pub fn report(config: &Config, sources: Vec<SourceReport>, text: &str) -> Option<Report> {
    let mut report = Report::new(CommandName::Sync, None);
    report.sources = sources;
    let devices = config.devices.iter().map(|device| TargetReport {
        name: device.name.clone(),
        persons: 0,
        outcome: match device.mode {
            Mode::Observe => TargetOutcome::Observed,
            Mode::GrantOnly | Mode::Full => TargetOutcome::Ok,
        },
    });
    report.devices = devices.collect();
    say(text, &mut report).then_some(report)
}

/// Says it again in another report, whose devices are those of the configuration: `false`, and the
/// report is as it was, where the text is none of [`write()`] or is about other devices.
#[must_use]
pub fn say(text: &str, report: &mut Report) -> bool {
    let Ok(again) = serde_json::from_str::<Again>(text) else { return false };
    let names = report.devices.iter().map(|device| device.name.as_str());
    if !names.eq(again.persons.iter().map(|(name, _)| name.as_str())) {
        return false;
    }
    let left_out: Option<Vec<_>> = again.left_out.into_iter().map(left_out).collect();
    let kept_links: Option<Vec<_>> = again.kept_links.into_iter().map(kept_link).collect();
    let no_door: Option<Vec<_>> = again.no_door.into_iter().map(no_door).collect();
    let (Some(left_out), Some(kept_links), Some(no_door)) = (left_out, kept_links, no_door) else {
        return false;
    };
    (report.left_out, report.kept_links, report.no_door) = (left_out, kept_links, no_door);
    report.troubles.extend(again.remarks.into_iter().map(repeated));
    for (device, (_, persons)) in report.devices.iter_mut().zip(again.persons) {
        device.persons = persons;
    }
    true
}

fn remark(trouble: &Trouble) -> Remark {
    let (hint, command) = match trouble.hint() {
        Some(hint) => (Some(hint.text), hint.command),
        None => (None, None),
    };
    let (topic, about) = (trouble.topic(), trouble.about.to_string());
    Remark { topic, about, text: trouble.text(), hint, command }
}

fn repeated(remark: Remark) -> Trouble {
    let Remark { topic, about, text, hint, command } = remark;
    let hint = hint.map(|text| Hint { text, command });
    Trouble::new(About::Named(about), TroubleKind::Repeated(topic, Failed { text, hint }))
}

fn who(source: &SourceName, member: &HolderId) -> Who {
    Who { source: source.to_string(), holder: member.as_str().to_owned() }
}

fn read_who(who: &Who) -> Option<(SourceName, HolderId)> {
    let source = SourceName::new(&who.source).ok()?;
    let member = HolderId::new(source.clone(), &who.holder).ok()?;
    Some((source, member))
}

fn no_door((who, reason): (Who, String)) -> Option<NoDoor> {
    let (source, member) = read_who(&who)?;
    let reason = Reason::ALL.into_iter().find(|known| known.as_str() == reason)?;
    Some(NoDoor { reason, source, member })
}

fn left_out(left: Left) -> Option<LeftOut> {
    let (source, member) = read_who(&left.who)?;
    let device = match left.device {
        Some(name) => Some(TargetName::new(&name).ok()?),
        None => None,
    };
    Some(LeftOut {
        reason: Reason::ALL.into_iter().find(|reason| reason.as_str() == left.reason)?,
        source,
        member,
        device,
        detail: left.detail,
        persons: left.persons.iter().map(|id| RecordId::new(id).ok()).collect::<Option<_>>()?,
        has_paid_time: left.has_paid_time,
    })
}

fn kept_link(kept: Kept) -> Option<KeptLink> {
    let (source, member) = read_who(&kept.who)?;
    Some(KeptLink {
        source,
        member,
        device: TargetName::new(&kept.device).ok()?,
        employee_no: RecordId::new(&kept.employee_no).ok()?,
        rule: LinkRule::parse(&kept.linked_by)?,
    })
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
        report
    }

    #[test]
    fn what_is_said_again_is_what_was_said() {
        let first = report();
        let mut second = Report::new(CommandName::Sync, None);
        second.devices = vec![device("back", 0), device("front", 0)];
        assert!(say(&write(&first).unwrap(), &mut second));
        assert_eq!(second.left_out, first.left_out);
        assert_eq!(second.kept_links, first.kept_links);
        assert_eq!(second.devices, first.devices);
    }

    #[test]
    fn of_other_doors_or_in_other_words_nothing_is_said() {
        let text = write(&report()).unwrap();
        let empty = || Report::new(CommandName::Sync, None);
        let with = |names: &[&str]| {
            let devices = names.iter().map(|name| device(name, 0)).collect();
            Report { devices, ..empty() }
        };
        for mut other in [empty(), with(&["back"]), with(&["front", "back"])] {
            assert!(!say(&text, &mut other));
            assert!(other.left_out.is_empty() && other.kept_links.is_empty());
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
            let mut same = with(&["back", "front"]);
            assert!(!say(&text.replacen(from, to, 1), &mut same), "{from} -> {to}");
            assert!(same.left_out.is_empty() && same.kept_links.is_empty());
        }
    }
}
