//! Documents in the log: what was sent, and what became of it by now. Pure.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{History, SHOWN_MAX, local};
use crate::model::{DocumentId, DocumentKind, DocumentState, SourceName};
use crate::report::documents::tone;
use crate::report::table::Table;
use crate::store::DocumentKept;
use crate::text::times::{instant, whole_seconds};

/// Those of a sheet that only documents fill.
pub(super) const TITLES: [&str; 4] = ["document", "payment", "amount", "currency"];

/// A document of the log.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    #[serde(serialize_with = "whole_seconds")]
    at: DateTime<Utc>,
    to: &'a SourceName,
    kind: DocumentKind,
    id: &'a DocumentId,
    amount: Option<String>,
    currency: Option<String>,
    payment: Option<&'a DocumentId>,
    state: DocumentState,
    took_effect: Option<bool>,
    #[serde(serialize_with = "whole_seconds")]
    sent_at: Option<DateTime<Utc>>,
    error: Option<&'a str>,
}

impl<'a> From<&'a DocumentKept> for Told<'a> {
    fn from(kept: &'a DocumentKept) -> Self {
        let [amount, currency] = money(kept);
        Self {
            at: kept.changed_at,
            to: &kept.to,
            kind: kept.kind,
            id: &kept.id,
            amount,
            currency,
            payment: kept.payment.as_ref(),
            state: kept.state,
            took_effect: kept.is_done,
            sent_at: kept.sent_at,
            error: kept.error.as_deref(),
        }
    }
}

fn money(kept: &DocumentKept) -> [Option<String>; 2] {
    let money = kept.money.as_ref();
    [money.map(|money| money.amount.to_string()), money.map(|money| money.currency.to_string())]
}

/// What became of it, in a few words.
fn outcome(kept: &DocumentKept) -> String {
    match (kept.state, kept.is_done, &kept.error) {
        (DocumentState::Settled, Some(true), _) => "settled by hand: done".to_owned(),
        (DocumentState::Settled, _, _) => "settled by hand: not done".to_owned(),
        (DocumentState::Confirmed, ..) | (_, _, None) => kept.state.to_string(),
        (state, _, Some(error)) => format!("{state}: {error}"),
    }
}

/// The documents of the log as people read them.
pub(super) fn table(history: &History) -> Table {
    let mut table = Table::new(&["when", "to", "kind", "document", "amount", "outcome"]);
    for kept in history.documents.iter().take(SHOWN_MAX) {
        let document = match &kept.payment {
            Some(payment) => format!("{} of {payment}", kept.id),
            None => kept.id.to_string(),
        };
        let amount = match money(kept) {
            [Some(amount), Some(currency)] => format!("{amount} {currency}"),
            _ => "–".to_owned(),
        };
        table.row([
            local(kept.changed_at, history.zone),
            kept.to.to_string(),
            kept.kind.to_string(),
            document,
            amount,
            outcome(kept),
        ]);
        table.tone(5, tone(kept.state));
    }
    table
}

/// A document in the columns of a sheet: the section is the door.
pub(super) fn cells(kept: &DocumentKept, history: &History) -> [String; super::COLUMNS] {
    let [amount, currency] = money(kept).map(Option::unwrap_or_default);
    let mut cells = [const { String::new() }; super::COLUMNS];
    let own = [
        (0, kept.changed_at.with_timezone(&history.zone).naive_local().to_string()),
        (1, instant(kept.changed_at)),
        (3, kept.to.to_string()),
        (9, kept.kind.to_string()),
        (10, "document".to_owned()),
        (15, kept.state.to_string()),
        (16, kept.error.clone().unwrap_or_default()),
        (17, kept.id.to_string()),
        (18, kept.payment.as_ref().map_or_else(String::new, ToString::to_string)),
        (19, amount),
        (20, currency),
    ];
    for (place, text) in own {
        if let Some(cell) = cells.get_mut(place) {
            *cell = text;
        }
    }
    cells
}
