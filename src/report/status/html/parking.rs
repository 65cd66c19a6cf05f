//! What the page says of gates, sources of parking rights, meters and lists of permits: rights by the names that
//! their sources give them, and no plate.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::parts::{Table, aging_or_never, cell, marked, members, section, with_commands};
use crate::engine::gates::NotDone;
use crate::engine::gates::plan::RowReason;
use crate::report::collection::{AgencyStatus, stray_line};
use crate::report::documents::DocumentTold;
use crate::report::look::Look;
use crate::report::meters::MeterTold;
use crate::report::status::gates::{GateStatus, PermitListStatus};
use crate::report::status::{RightsFileStatus, Status};
use crate::text::lists::many;

/// What tells all of it.
const STATUS: &str = "ivms-sync status";

/// A section of one table, where it has any rows.
fn titled(title: &str, table: &Table<'_>, rows: &[Vec<Markup>]) -> Markup {
    html! { @if !rows.is_empty() { (section(title, &table.render(rows))) } }
}

pub fn gates(status: &Status) -> Markup {
    let row = |gate: &GateStatus| {
        let class = match (gate.is_well(), gate.blocked.is_some() || gate.outside() > 0) {
            (true, false) => "good",
            (true, true) => "wait",
            (false, _) => "bad",
        };
        vec![
            cell(&gate.name),
            cell(gate.rows),
            cell(gate.strangers),
            cell(gate.capacity.map_or("–".to_owned(), |most| most.to_string())),
            aging_or_never(status, gate.read_at),
            marked(class, &gate.words(status.zone)),
        ]
    };
    let rows: Vec<_> = status.gates.iter().map(row).collect();
    let table = Table {
        id: "gates",
        caption: "Every gate of the configuration",
        titles: &["Gate", "Rows", "Of others", "At most", "Last read", "State"],
        rows_max: rows.len(),
        whole: STATUS,
    };
    let content = html! { (table.render(&rows)) (left_out(status)) };
    html! { @if !rows.is_empty() { (section("Gates", &content)) } }
}

/// Rights for which nothing is done, by reason, each with its gate.
fn left_out(status: &Status) -> Markup {
    let mut reasons: BTreeMap<RowReason, Vec<String>> = BTreeMap::new();
    for gate in &status.gates {
        for NotDone { reason, rights } in gate.left_out() {
            let named = rights.iter().map(|right| format!("{right} ({})", gate.name));
            reasons.entry(*reason).or_default().extend(named);
        }
    }
    html! {
        @for (reason, rights) in &reasons {
            @let (why, remedy) = reason.explain();
            h3 { (many(rights.len(), "car")) ": " (why) }
            p { (with_commands(remedy)) }
            (members(rights, "ivms-sync diff --json"))
        }
    }
}

/// Who may park where, as far as it is known.
pub fn sources(status: &Status) -> Markup {
    let row = |file: &RightsFileStatus| {
        let (class, state) = match file.fresh {
            true => ("good", "fresh"),
            false => ("bad", "not fresh: \"no right\" is not said"),
        };
        vec![
            cell(&file.name),
            cell(file.rights),
            cell(file.left_out),
            aging_or_never(status, file.as_of),
            marked(class, state),
        ]
    };
    let rows: Vec<_> = status.rights_files.iter().map(row).collect();
    let table = Table {
        id: "rights",
        caption: "Every source of parking rights of the configuration",
        titles: &["Source", "Rights", "Rows left out", "As of", "State"],
        rows_max: rows.len(),
        whole: STATUS,
    };
    titled("Parking rights", &table, &rows)
}

pub fn permit_lists(status: &Status) -> Markup {
    let row = |list: &PermitListStatus| {
        vec![
            cell(&list.name),
            cell(list.rows.map_or("–".to_owned(), |rows| rows.to_string())),
            aging_or_never(status, list.written_at),
        ]
    };
    let rows: Vec<_> = status.permit_lists.iter().map(row).collect();
    let table = Table {
        id: "lists",
        caption: "Every list of permits of the configuration",
        titles: &["List", "Permits", "Written"],
        rows_max: rows.len(),
        whole: STATUS,
    };
    titled("Lists of permits", &table, &rows)
}

pub fn meters(status: &Status) -> Markup {
    let Some(meters) = &status.meters else { return html! {} };
    let row = |meter: &MeterTold| {
        vec![
            cell(&meter.id),
            cell(&meter.source),
            cell(meter.zone.as_deref().unwrap_or("–")),
            aging_or_never(status, Some(meter.said_at)),
            marked("bad", &meter.faults_in_words(status.zone)),
        ]
    };
    let rows: Vec<_> = meters.faulty.iter().map(row).collect();
    let table = Table {
        id: "meters",
        caption: "Meters that somebody should look after",
        titles: &["Meter", "Section", "Zone", "Last heard of", "What is wrong"],
        rows_max: super::parts::NAMED_MAX,
        whole: STATUS,
    };
    let content = html! {
        p { (meters.counted()) }
        (table.render(&rows))
    };
    section("Meters", &content)
}

/// What agencies have that collect.
pub fn agencies(status: &Status) -> Markup {
    let row = |one: &AgencyStatus| {
        let marks = |count: usize| match count {
            0 => cell("0"),
            count => marked("bad", &count.to_string()),
        };
        vec![
            cell(one.name.as_str()),
            cell(one.there.count.to_string()),
            cell(format!("{} {}", one.there.amount, one.currency)),
            marks(one.to_take_back),
            marks(one.refused),
            marks(one.unknown),
        ]
    };
    let rows: Vec<_> = status.agencies.iter().map(row).collect();
    let table = Table {
        id: "agencies",
        caption: "Citations that were handed over to be collected",
        titles: &["Agency", "There", "Due", "To take back", "Not taken", "Not known"],
        rows_max: super::parts::NAMED_MAX,
        whole: STATUS,
    };
    let left = status.referrals_left.iter().map(|one| stray_line(one, Look::PLAIN));
    let left: Vec<String> = left.collect();
    html! {
        (titled("Collection", &table, &rows))
        @if !left.is_empty() {
            (section("Referrals under names that are gone", &html! { ul { @for one in &left { li { (one) } } } }))
        }
    }
}

pub fn documents(status: &Status) -> Markup {
    let row = |document: &DocumentTold| {
        vec![
            cell(document.id.as_str()),
            cell(document.to.as_str()),
            cell(document.kind.as_str()),
            cell(document.money().unwrap_or_default()),
            marked("bad", document.state.as_str()),
            html! { code { (document.to_do()) } },
        ]
    };
    let rows: Vec<_> = status.documents.iter().map(row).collect();
    let table = Table {
        id: "documents",
        caption: "Documents that wait, were refused, or of which nobody knows what became",
        titles: &["Document", "For", "Kind", "Amount", "State", "To do"],
        rows_max: super::parts::NAMED_MAX,
        whole: STATUS,
    };
    titled("Documents", &table, &rows)
}
