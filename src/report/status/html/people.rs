//! Who stands outside, who should be looked after, what waits, and whom nothing can be done for.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::parts::{NAMED_MAX, Table, aging, cell, members, moment, section, with_commands};
use crate::config::Mode;
use crate::engine::plan::{Budget, Reason};
use crate::model::HolderId;
use crate::report::status::Status;
use crate::report::status::text::{because, why};
use crate::report::status::unlinked::is_unlinked;
use crate::report::text::{explain, last};
use crate::store::{Attention, AttentionKind, Waiting};
use crate::text::lists::many;

const TITLES: [&str; 6] = ["Member", "Door", "Person", "Until", "Since", "Because"];

/// The command that writes all who are linked to nobody into a file.
const UNLINKED: &str = "ivms-sync status --unlinked FILE.csv";

/// A table of changes or persons.
fn table(id: &str, caption: &str, rows: &[Vec<Markup>]) -> Markup {
    let whole = "ivms-sync status --json";
    Table { id, caption, titles: &TITLES, rows_max: NAMED_MAX, whole }.render(rows)
}

fn attention_rows(status: &Status, kind: AttentionKind, class: &str) -> Vec<Vec<Markup>> {
    let row = |one: &Attention| {
        vec![
            cell(one.member.human()),
            cell(one.device.as_ref().map_or("–", |name| name.as_str())),
            cell(one.employee_no.as_ref().map_or("–", |person| person.as_str())),
            cell(one.ends.map_or("–".to_owned(), last)),
            html! { span class=(class) { (aging(status, one.since)) } },
            cell(why(one)),
        ]
    };
    status.to_look_after(kind).map(row).collect()
}

fn wait_row(status: &Status, one: &Waiting, class: &str) -> Vec<Markup> {
    vec![
        cell(one.member.human()),
        cell(&one.device),
        cell(&one.employee_no),
        cell(last(one.after.end())),
        html! { span class=(class) { (aging(status, one.since)) } },
        cell(because(one)),
    ]
}

/// Whether a change is one of those that stand under the plan that waits for approval.
fn is_held(status: &Status, one: &Waiting) -> bool {
    !status.blocked.is_empty() && one.budget.is_some_and(Budget::needs_approval)
}

pub fn approval(status: &Status) -> Markup {
    let held = status.others().filter(|one| is_held(status, one));
    let rows: Vec<_> = held.map(|one| wait_row(status, one, "wait")).collect();
    let at_gates: Vec<_> =
        status.gates.iter().filter_map(|gate| Some((gate, gate.blocked.as_ref()?))).collect();
    let content = html! {
        @for plan in &status.blocked {
            p {
                "Since " (moment(status, plan.made_at)) ". Look at them with "
                code { "ivms-sync diff" } "; if each is right: "
                code { "ivms-sync apply --blocked " (plan.id) }
            }
        }
        (table("held", "Held back until you approve them", &rows))
        @for (gate, id) in &at_gates {
            p {
                (gate.name) ": " (many(gate.waiting.blocked, "change")) ". Look at them with "
                code { "ivms-sync diff" } "; if each is right: "
                code { "ivms-sync apply --blocked " (id) }
            }
        }
    };
    let is_any = !status.blocked.is_empty() || !at_gates.is_empty();
    html! { @if is_any { (section("Changes wait for your approval", &content)) } }
}

pub fn outside(status: &Status) -> Markup {
    let rows: Vec<_> = status.outside().map(|one| wait_row(status, one, "bad")).collect();
    let lost = attention_rows(status, AttentionKind::StandingOutside, "bad");
    let no_door: BTreeSet<&HolderId> =
        status.to_look_after(AttentionKind::NoDoor).map(|one| &one.member).collect();
    let no_door: Vec<String> = no_door.iter().map(|member| member.human().to_owned()).collect();
    let at_gates: Vec<_> = status.gates.iter().filter(|gate| gate.outside() > 0).collect();
    let is_observed = status.to_look_after(AttentionKind::Observed).next().is_some()
        || status.gates.iter().any(|gate| gate.mode == Mode::Observe && gate.waiting.outside > 0);
    let nobody = match (status.last_run(), status.silent_for()) {
        (Some(_), None) if is_observed => {
            ("wait", "Not known: some changes are only observed, and never written.")
        }
        (Some(_), None) => ("good", "Nobody who has paid stands outside, as far as is known."),
        _ => ("wait", "Not known: there has been no run lately."),
    };
    let content = html! {
        (table("outside", "Paid, and the door does not open yet", &rows))
        (table("lost", "Served until now, and left out", &lost))
        @if !no_door.is_empty() {
            p.bad {
                (many(no_door.len(), "member")) " paid and "
                (if no_door.len() == 1 { "has" } else { "have" }) " no door:"
            }
            (members(&no_door, UNLINKED))
            p { "To fill in whose person each is: " code { (UNLINKED) } }
        }
        @for gate in &at_gates {
            p.bad { (gate.words_of_outside()) }
        }
        @if rows.is_empty() && lost.is_empty() && no_door.is_empty() && at_gates.is_empty() {
            p class=(nobody.0) { (nobody.1) }
        }
    };
    section("Standing outside", &content)
}

/// Who has access and should be looked after: doors that open without reason, and persons who are linked
/// to nobody.
pub fn open_doors(status: &Status) -> Markup {
    let part = |kind, id, title, caption| {
        let rows = attention_rows(status, kind, "bad");
        html! { @if !rows.is_empty() { (section(title, &table(id, caption, &rows))) } }
    };
    html! {
        (part(
            AttentionKind::OpenWithoutReason,
            "open",
            "Open without reason",
            "The door opens, and it is not known whether this is paid for",
        ))
        (part(
            AttentionKind::Released,
            "released",
            "Linked to nobody",
            "Written to by ivms-sync, and linked to no member now",
        ))
    }
}

pub fn waiting(status: &Status) -> Markup {
    let others = status.others().filter(|one| !is_held(status, one));
    let rows: Vec<_> = others.map(|one| wait_row(status, one, "wait")).collect();
    let observed = attention_rows(status, AttentionKind::Observed, "wait");
    html! {
        @if !rows.is_empty() {
            (section("Waiting", &table("waiting", "Wanted, and not on the door yet", &rows)))
        }
        @if !observed.is_empty() {
            (section("Only observed", &table("observed", "Wanted, and never written there", &observed)))
        }
    }
}

/// What is to be told of a member who is left out.
#[derive(Default)]
struct About {
    doors: BTreeSet<String>,
    details: BTreeSet<String>,
}

/// Members with paid time whom nothing can be done for, by reason, each with the doors that it is about.
pub fn left_out(status: &Status) -> Markup {
    let mut reasons: BTreeMap<Reason, BTreeMap<&HolderId, About>> = BTreeMap::new();
    for one in status.left_out.iter().filter(|one| one.has_paid_time) {
        let about = reasons.entry(one.reason).or_default().entry(&one.member).or_default();
        about.doors.extend(one.device.as_ref().map(ToString::to_string));
        about.details.extend(one.detail.clone());
    }
    let content = html! {
        div id="left-out" { @for (reason, members) in &reasons { (left_out_for(*reason, members)) } }
    };
    html! { @if !reasons.is_empty() { (section("Nothing can be done for", &content)) } }
}

fn left_out_for(reason: Reason, about: &BTreeMap<&HolderId, About>) -> Markup {
    let (title, remedy) = explain(reason);
    // What is the same for all of them is said once.
    let details: BTreeSet<&BTreeSet<String>> = about.values().map(|about| &about.details).collect();
    let shared = details.first().filter(|_| details.len() == 1);
    let text = |(member, about): (&&HolderId, &About)| {
        let own = about.details.iter().filter(|_| shared.is_none());
        let more: Vec<&str> = about.doors.iter().chain(own).map(String::as_str).collect();
        match more.is_empty() {
            true => member.human().to_owned(),
            false => format!("{} ({})", member.human(), more.join(", ")),
        }
    };
    let texts: Vec<String> = about.iter().map(text).collect();
    let whole = if is_unlinked(reason) { UNLINKED } else { "ivms-sync diff --json" };
    html! {
        h3 { (many(texts.len(), "member")) ": " (title) }
        @for detail in shared.into_iter().copied().flatten() { p.quiet { (cell(detail)) } }
        p { (with_commands(remedy)) }
        (members(&texts, whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_fold_and_very_long_ones_name_the_command() {
        let texts: Vec<String> = (0..NAMED_MAX + 30).map(|n| format!("member {n}")).collect();
        let few = members(&texts[..3], UNLINKED).into_string();
        assert!(few.contains("member 2") && !few.contains("<details"), "{few}");
        let many = members(&texts, UNLINKED).into_string();
        assert!(many.contains("<summary>194 more</summary>"), "{many}");
        assert!(many.contains("member 199<") && !many.contains("member 200<"), "{many}");
        assert!(many.contains("30 more are not on this page."), "{many}");
        assert!(many.contains(UNLINKED), "{many}");
    }
}
