//! Tests of the audit log as text, sheet and JSON.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::super::history::*;
use super::super::look::Look;
use super::lookup::story;
use crate::model::testing::zone;
use crate::model::{
    Currency, DocumentId, DocumentKind, DocumentState, HolderId, Kind, MinorUnits, Money, RecordId,
    RightRef, RowVerb, RunId, SourceName, TargetName, Who, Zone,
};
use crate::store::{AuditLine, DocumentKept, GateChange, NamedLine, Names, OutcomeKind};

fn holder(text: &str) -> HolderId {
    HolderId::new(SourceName::new("club").unwrap(), text).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn line() -> NamedLine {
    let entry = story().members.remove(0).history.remove(0);
    let line = AuditLine { member: holder("150001/1980-02-29"), kind: Kind::Grant, entry };
    let name = |text: &str| Some(text.to_owned());
    let member = Names { first_name: name("Ana"), last_name: name("Novak"), ..Names::default() };
    NamedLine { line, person_name: name("=A1"), member }
}

fn history(lines: Option<Vec<NamedLine>>) -> History {
    let zone = zone("Europe/Ljubljana");
    let since = at("2026-11-14T11:00:00Z");
    let (rows, documents) = Default::default();
    History { since, who: None, door: None, lines, rows, documents, zone }
}

#[test]
fn the_text_names_the_time_and_whose_each_line_is() {
    assert_eq!(
        render(&history(Some(vec![line()])), Look::PLAIN),
        "Changes since 2026-11-14 12:00 CET

  when              run  member            door        person  why      from        to                       outcome
  2026-11-21 12:00  17   150001 Ana Novak  front-door  1       renewed  unreadable  2026-01-01 – 2026-12-31  \
         not-applied: it holds another window
"
    );
    let coloured = Look { is_coloured: true, width: None };
    let text = render(&history(Some(vec![line()])), coloured);
    assert!(text.contains("\u{1b}[31mnot-applied: it holds another window\u{1b}[0m"), "{text:?}");
    let limited = History { who: Some("150001".into()), ..history(Some(Vec::new())) };
    assert_eq!(
        render(&limited, Look::PLAIN),
        "Nothing was changed for 150001 since 2026-11-14 12:00 CET.\n"
    );
}

/// A row whose right has a name that a spreadsheet program would take for a formula.
fn row() -> NamedRow {
    let change = GateChange {
        run: RunId::new(17).unwrap(),
        gate: TargetName::new("barrier").unwrap(),
        at: at("2026-11-21T11:00:00Z"),
        verb: RowVerb::Remove,
        loses: false,
        by: RightRef { source: SourceName::new("staff").unwrap(), right: "=B2".into() },
        days: None,
        outcome: OutcomeKind::Refused,
        error: Some("the gate is busy".into()),
        is_sent: true,
    };
    NamedRow { change, member_name: None }
}

/// Mutants: a row that is told only where a door has changes; one that has ended counted as given.
#[test]
fn rows_of_gates_stand_beside_the_changes_of_doors() {
    let mut both = History { rows: vec![row()], ..history(Some(Vec::new())) };
    let text = "Rows at gates since 2026-11-14 12:00 CET

  when              run  right         gate     row      days  outcome
  2026-11-21 12:00  17   =B2 of staff  barrier  removed  –     refused: the gate is busy
";
    assert_eq!(render(&both, Look::PLAIN), text);
    both.lines = Some(vec![line()]);
    let whole = render(&both, Look::PLAIN);
    assert!(
        whole.starts_with("Changes since ") && whole.ends_with(&format!("\n\n{text}")),
        "{whole}"
    );
    let sheet = sheet(&both);
    assert_eq!(
        sheet.lines().nth(2).unwrap(),
        "2026-11-21 12:00:00;2026-11-21T11:00:00Z;17;barrier;;;staff;'=B2;;revocation;row-removed;;;;;refused;\
         the gate is busy;;;;"
    );
    let found = serde_json::to_value(document(&both, 0)).unwrap();
    assert_eq!(
        (&found["rows"][0]["after"], &found["rows"][0]["kind"]),
        (&json!(null), &json!("revocation"))
    );
    assert!(serde_json::to_value(document(&history(None), 0)).unwrap().get("rows").is_none());
    // A member's car by number; nobody's person id.
    let of = |source: &str, right: &str| {
        let mut change = row().change;
        change.by = RightRef { source: SourceName::new(source).unwrap(), right: right.into() };
        change
    };
    let wanted = Wanted::Members(vec![holder("150001/1980-02-28")]);
    assert!(wanted.has_row(&of("club", "150001")) && !wanted.has_row(&of("club", "15000")));
    assert!(!wanted.has_row(&of("staff", "150001")), "another source's right of this name");
    assert!(!Wanted::Person(RecordId::new("150001").unwrap()).has_row(&of("club", "150001")));
}

#[test]
fn a_long_log_is_cut_in_text_only() {
    let long = history(Some(vec![line(); 1001]));
    let text = render(&long, Look::PLAIN);
    assert!(text.contains(": the newest 1000 of 1001; --csv and --json have all"), "{text:.200}");
    assert_eq!(text.lines().count(), 3 + 1000);
    assert_eq!(sheet(&long).lines().count(), 1 + 1001);
    let whole = serde_json::to_value(document(&long, 0)).unwrap();
    assert_eq!(whole["changes"].as_array().unwrap().len(), 1001);
}

#[test]
fn a_sheet_has_a_line_for_each_change() {
    let text = sheet(&history(Some(vec![line()])));
    assert_eq!(
        text.lines().nth(1).unwrap(),
        "2026-11-21 12:00:00;2026-11-21T11:00:00Z;17;front-door;1;'=A1;club;150001;Ana Novak;grant;renewed;;;\
         2026-01-01 00:00:00;2026-12-31 23:59:59;not-applied;it holds another window;;;;"
    );
}

fn refund(state: DocumentState, is_done: Option<bool>, error: Option<&str>) -> DocumentKept {
    let id = |text: &str| DocumentId::new(text).unwrap();
    DocumentKept {
        to: SourceName::new("cashier").unwrap(),
        id: id("refund_1"),
        kind: DocumentKind::Refund,
        key: "0".into(),
        sha256: "0".into(),
        money: Some(Money {
            amount: MinorUnits::from_digits("119").unwrap(),
            currency: Currency::new("USD").unwrap(),
        }),
        payment: Some(id("park_1")),
        state,
        is_done,
        base: None,
        blocked: None,
        made_at: at("2026-11-21T10:59:00Z"),
        sent_at: Some(at("2026-11-21T10:59:00Z")),
        changed_at: at("2026-11-21T11:00:00Z"),
        failures: 0,
        asked_at: None,
        answer: None,
        error: error.map(str::to_owned),
        waits_for_somebody: false,
    }
}

/// Mutants: a document that is told only beside changes of doors; one that a person has settled told as done where
/// it was not.
#[test]
fn documents_stand_beside_the_changes_of_doors() {
    let documents = vec![
        refund(DocumentState::Settled, Some(false), Some("the answer was lost")),
        refund(DocumentState::Unknown, None, Some("the answer was lost")),
        refund(DocumentState::Confirmed, Some(true), None),
    ];
    let all = History { documents, ..history(Some(Vec::new())) };
    assert_eq!(
        render(&all, Look::PLAIN),
        "Documents since 2026-11-14 12:00 CET

  when              to       kind    document            amount    outcome
  2026-11-21 12:00  cashier  refund  refund_1 of park_1  1.19 USD  settled by hand: not done
  2026-11-21 12:00  cashier  refund  refund_1 of park_1  1.19 USD  unknown: the answer was lost
  2026-11-21 12:00  cashier  refund  refund_1 of park_1  1.19 USD  confirmed
"
    );
    let sheet = sheet(&all);
    let lines: Vec<&str> = sheet.lines().collect();
    assert!(lines[0].ends_with(";error;document;payment;amount;currency"), "{}", lines[0]);
    assert_eq!(
        lines[2],
        "2026-11-21 12:00:00;2026-11-21T11:00:00Z;;cashier;;;;;;refund;document;;;;;unknown;the answer was lost;\
         refund_1;park_1;1.19;USD"
    );
    let found = serde_json::to_value(document(&all, 0)).unwrap();
    let told = &found["documents"][1];
    assert_eq!((&told["took_effect"], &told["amount"]), (&json!(null), &json!("1.19")));
    assert_eq!(told["sent_at"], "2026-11-21T10:59:00Z");
}

#[test]
fn a_day_begins_where_people_live() {
    let day = |text: &str| Since::Day(text.parse::<NaiveDate>().unwrap());
    let now = at("2026-11-21T11:00:00Z");
    for (since, zone, moment) in [
        (day("2026-11-01"), "Europe/Ljubljana", "2026-10-31T23:00:00Z"),
        (day("2026-07-01"), "Europe/Ljubljana", "2026-06-30T22:00:00Z"),
        // Clocks are put forward at midnight.
        (day("2026-09-06"), "America/Santiago", "2026-09-06T04:00:00Z"),
        // The day that was left out.
        (day("2011-12-30"), "Pacific/Apia", "2011-12-30T10:00:00Z"),
        (Since::Ago(Duration::from_secs(7 * 24 * 3600)), "UTC", "2026-11-14T11:00:00Z"),
    ] {
        let zone: Zone = zone.parse().unwrap();
        assert_eq!(since.moment(now, zone), at(moment), "{since:?} {zone}");
    }
}

#[test]
fn a_member_is_found_by_number_and_e_mail_also_under_an_older_identity() {
    let email = crate::model::Email::parse("ana@club.example");
    let names = Names { email, ..Names::default() };
    let everybody =
        [(holder("150001/1980-02-28"), names), (holder("150002/1990-01-01"), Names::default())];
    for (who, is_found) in [
        ("ana@club.example", true),
        ("150001", true),
        ("150002", false),
        ("15000", false),
        ("bo@club.example", false),
    ] {
        let wanted = Wanted::members(&Who::parse(who).unwrap(), &everybody);
        assert_eq!(wanted.has(&line().line), is_found, "{who}");
    }
    let said = nobody("ana@culb.example", &everybody);
    assert!(said.ends_with("(did you mean member 150001?)"), "{said}");
    let doors = ["front-door", "gym-door"];
    let said = no_door("gymdoor", doors.into_iter());
    assert!(said.ends_with("(did you mean gym-door?)"), "{said}");
    assert!(!no_door("cellar", doors.into_iter()).contains("did you mean"));
}
