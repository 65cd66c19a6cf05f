//! How things stand, as text.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::{Status, code_words, gates};
use crate::engine::plan::{Cause, Kind, Reason};
use crate::model::{HolderId, RecordId, TargetName};
use crate::report::changes::cause_words;
use crate::report::collection::stray_line;
use crate::report::look::{Look, Tone};
use crate::report::rows_left_out::by_reason;
use crate::report::table::Table;
use crate::report::text::{JSON, explain, kinds, last, person, rest};
use crate::store::{Attention, AttentionKind, Waiting};
use crate::text::lists::many;
use crate::text::times::span;

/// Lines of one kind before the rest is only counted.
const SHOWN: usize = 12;

/// The whole text for stdout.
#[must_use]
pub fn render(status: &Status, look: Look) -> String {
    let mut text = runs(status, look);
    if !status.sources.is_empty() || status.rights_files.is_empty() {
        text.push_str(&sources(status, look));
    }
    text.push_str(&rights_files(status, look));
    if !status.devices.is_empty() || status.rights_files.is_empty() && status.gates.is_empty() {
        text.push_str(&devices(status, look));
    }
    text.push_str(&gates::tables(status, look));
    if let Some(meters) = &status.meters {
        text.push_str(&meters.render(status.zone, look));
    }
    text.push_str(&documents(status, look));
    if !status.agencies.is_empty() {
        text.push('\n');
        status.agencies.iter().for_each(|one| text.push_str(&one.line(look)));
    }
    let left = status.referrals_left.iter().map(|one| stray_line(one, look));
    text.extend(left);
    text.push_str(&outside(status, look));
    text.push_str(&attention(status, look));
    text.push_str(&waiting(status, look));
    text.push_str(&look.folded(blocked(status)));
    text.push_str(&look.folded(left_out(status)));
    text.push_str(&look.folded(rows(status)));
    text
}

fn runs(status: &Status, look: Look) -> String {
    let Some(run) = status.last_run() else {
        return "No run yet. The first one: ivms-sync sync\n".to_owned();
    };
    let end = match run.exit_code {
        None => "has no end: it is at work, or was cut off".to_owned(),
        Some(code) => format!("ended with {code}: {}", code_words(code)),
    };
    let tone = match run.exit_code {
        Some(0) => Tone::Good,
        None => Tone::Warning,
        Some(_) => Tone::Bad,
    };
    let end = look.paint(tone, &end);
    let mut text = format!("Last run   {}, {end}\n", status.moment_and_age(run.began));
    if run.exit_code != Some(0) {
        let success = status.last_success.as_ref();
        let success = success.map(|run| status.moment_and_age(run.began));
        let _ = writeln!(text, "Last good  {}", success.as_deref().unwrap_or("never"));
    }
    text
}

fn rights_files(status: &Status, look: Look) -> String {
    if status.rights_files.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["source of rights", "rights", "rows left out", "as of", "state"]);
    for file in &status.rights_files {
        table.row([
            file.name.to_string(),
            file.rights.to_string(),
            file.left_out.to_string(),
            file.as_of.map_or("never".to_owned(), |at| status.moment(at)),
            if file.fresh { "fresh" } else { "not fresh: \"no right\" is not said" }.to_owned(),
        ]);
    }
    format!("\n{}", table.render(look))
}

fn documents(status: &Status, look: Look) -> String {
    if status.documents.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["document", "for", "kind", "amount", "state", "to do"]);
    for document in &status.documents {
        table.row([
            document.id.to_string(),
            document.to.to_string(),
            document.kind.to_string(),
            document.money().unwrap_or_default(),
            document.state.to_string(),
            document.to_do(),
        ]);
    }
    format!("\n{}", table.render(look))
}

fn sources(status: &Status, look: Look) -> String {
    let mut table = Table::new(&["organisation", "members", "last answer", "last full list"]);
    for source in &status.sources {
        let when = |at: Option<_>| at.map_or("never".to_owned(), |at| status.moment(at));
        table.row([
            source.name.to_string(),
            source.members.to_string(),
            when(source.fetched_at),
            when(source.complete_at),
        ]);
    }
    format!("\n{}", table.render(look))
}

fn devices(status: &Status, look: Look) -> String {
    let mut table = Table::new(&["door", "persons", "last read", "state"]);
    for device in &status.devices {
        table.row([
            device.name.to_string(),
            device.known.persons.to_string(),
            device.known.read_at.map_or("never".to_owned(), |at| status.moment(at)),
            device.words(status.zone),
        ]);
        table.tone(3, if device.is_well() { Tone::Good } else { Tone::Bad });
    }
    format!("\n{}", table.render(look))
}

/// Why somebody waits.
pub(super) fn because(one: &Waiting) -> String {
    match (one.budget, &one.trouble) {
        (Some(hold), _) if hold.needs_approval() => format!("needs approval: {}", hold.why()),
        (Some(hold), _) => hold.why().to_owned(),
        (None, Some(trouble)) => trouble.clone(),
        (None, None) => "the next run does it".to_owned(),
    }
}

/// One line about somebody.
struct Line {
    member: HolderId,
    device: Option<TargetName>,
    employee_no: Option<RecordId>,
    until: Option<NaiveDateTime>,
    since: DateTime<Utc>,
    because: String,
    tone: Tone,
}

impl Line {
    fn waiting(one: &Waiting) -> Self {
        let stands_outside = one.opens_door && one.kind == Kind::Grant;
        Self {
            member: one.member.clone(),
            device: Some(one.device.clone()),
            employee_no: Some(one.employee_no.clone()),
            until: Some(one.after.end()),
            since: one.since,
            because: because(one),
            tone: if stands_outside { Tone::Bad } else { Tone::Warning },
        }
    }

    fn to_look_after(one: &Attention) -> Self {
        let is_observed = one.kind == AttentionKind::Observed;
        Self {
            member: one.member.clone(),
            device: one.device.clone(),
            employee_no: one.employee_no.clone(),
            until: one.ends,
            since: one.since,
            because: why(one),
            tone: if is_observed { Tone::Warning } else { Tone::Bad },
        }
    }
}

/// Why somebody is to be looked after, in plain words.
pub(super) fn why(one: &Attention) -> String {
    let reason = Reason::ALL.into_iter().find(|reason| reason.as_str() == one.reason);
    let cause = Cause::ALL.into_iter().find(|cause| cause.as_str() == one.reason);
    match (reason, cause) {
        (Some(reason), _) => explain(reason).0.to_owned(),
        (None, Some(cause)) => cause_words(cause).to_owned(),
        (None, None) => one.reason.clone(),
    }
}

fn table(status: &Status, lines: &[Line], look: Look) -> String {
    let mut table = Table::new(&["member", "door", "person", "until", "since", "because"]);
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    for line in lines.iter().take(SHOWN) {
        let age = span(status.at.signed_duration_since(line.since));
        let person = line.employee_no.as_ref().map(|employee_no| {
            let name = line.device.as_ref().and_then(|door| status.person_name(door, employee_no));
            person(employee_no, name)
        });
        table.row([
            status.member(&line.member),
            or_dash(line.device.as_ref().map(ToString::to_string)),
            or_dash(person),
            or_dash(line.until.map(last)),
            format!("{} ({age})", status.moment(line.since)),
            line.because.clone(),
        ]);
        table.tone(4, line.tone);
    }
    format!("{}{}", table.render(look), rest(lines.len(), SHOWN, JSON))
}

fn outside(status: &Status, look: Look) -> String {
    let lines: Vec<Line> = status.outside().map(Line::waiting).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("\nStanding outside, although they have paid:\n{}", table(status, &lines, look))
}

/// Whom somebody should look after beside those who wait.
fn attention(status: &Status, look: Look) -> String {
    let mut text = String::new();
    for (kind, title) in [
        (AttentionKind::StandingOutside, "Standing outside (served until now, and left out)"),
        (
            AttentionKind::OpenWithoutReason,
            "Open without reason (it is not known whether this is paid for)",
        ),
        (
            AttentionKind::Released,
            "Linked to nobody (written to before, and no member is linked to them now)",
        ),
        (AttentionKind::Observed, "Only observed (wanted, and never written there)"),
    ] {
        let lines: Vec<Line> = status.to_look_after(kind).map(Line::to_look_after).collect();
        if !lines.is_empty() {
            let _ = write!(text, "\n{title}:\n{}", table(status, &lines, look));
        }
    }
    let no_door = status.members_to_look_after(AttentionKind::NoDoor);
    if no_door > 0 {
        let _ = write!(
            text,
            "\n{} paid and {} no door. All of them: ivms-sync status --unlinked FILE.csv\n",
            many(no_door, "member"),
            if no_door == 1 { "has" } else { "have" }
        );
    }
    if let Some(age) = status.silent_for() {
        let _ = write!(
            text,
            "\nThere has been no run for {}, so it is not known how things stand now. See that the \
             schedule runs.\n",
            span(age)
        );
    }
    text
}

fn waiting(status: &Status, look: Look) -> String {
    let lines: Vec<Line> = status.others().map(Line::waiting).collect();
    if lines.is_empty() {
        return String::new();
    }
    let grants = status.others().filter(|one| one.kind == Kind::Grant).count();
    let revocations = lines.len() - grants;
    let parts = kinds(grants, revocations).join(", ");
    format!("\nWaiting: {parts}\n{}", table(status, &lines, look))
}

/// Rows of link files that link nobody, as counts with the command that lists them.
fn rows(status: &Status) -> String {
    let mut text = String::new();
    for (reason, rows) in by_reason(&status.rows_left_out) {
        let _ = writeln!(text, "  {}  {}", rows.len(), reason.explain().0);
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "\nRows of link files that link nobody:\n{text}`ivms-sync diff -v` lists them, and says what to \
         do about each.\n"
    )
}

fn blocked(status: &Status) -> String {
    let mut text = String::new();
    for plan in &status.blocked {
        let _ = write!(
            text,
            "\nChanges have been waiting for your approval since {}. Look at them with `ivms-sync diff`; if each \
             is right:\n  ivms-sync apply --blocked {}\n",
            status.moment(plan.made_at),
            plan.id
        );
    }
    text
}

fn left_out(status: &Status) -> String {
    let mut text = String::new();
    for (reason, count) in status.left_out_counts() {
        let (title, _) = explain(reason);
        let _ = writeln!(text, "  {count}  {title}");
    }
    if text.is_empty() {
        return text;
    }
    let is_unlinked = |reason: &Reason| super::unlinked::is_unlinked(*reason);
    text.push_str("`ivms-sync diff` names them, and says what to do about each.\n");
    if status.left_out_counts().keys().any(is_unlinked) {
        text.push_str(
            "To write those who are linked to nobody into a file to be filled in: ivms-sync status \
             --unlinked FILE.csv\n",
        );
    }
    format!("\nMembers with paid time for whom nothing is done:\n{text}")
}
