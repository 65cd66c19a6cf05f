//! Citations at an agency that collects: what is to be handed over and taken back, and what is there. Pure.
//!
//! A citation is told by its number; no plate is in it.

use std::fmt::Write as _;

use serde::Serialize;

use super::look::{Look, Tone};
use crate::config::{RecipientConfig, SendMode};
use crate::engine::collection::{Intent, Left, Stray};
use crate::model::{Amount, Currency, DocumentId, SourceName, printable};
use crate::ports::WithdrawnAs;
use crate::store::{ReferralKept, ReferralState};
use crate::text::lists::{many, some_of};
use crate::trouble::{About, CollectionTrouble, Trouble, TroubleKind};

/// So many numbers are in a line of text.
const NAMED_MAX: usize = 8;

/// What is to be done at one agency, and what is there.
#[derive(Debug, Clone, Serialize)]
pub struct CollectionTold {
    pub to: SourceName,
    pub currency: Currency,
    /// What is to be handed over.
    pub referrals: Sum,
    /// Their numbers.
    pub references: Vec<DocumentId>,
    pub withdrawals: Vec<WithdrawalTold>,
    /// Those that the agency does not give back.
    pub not_given_back: Vec<NotGivenBack>,
    /// Why others that are old enough are not handed over.
    pub left_out: Vec<LeftTold>,
    /// What is there, and asked for.
    pub there: Sum,
}

/// So many citations, and what is due of them: text with two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sum {
    pub count: usize,
    pub amount: Amount,
}

/// A citation that is to be taken back.
#[derive(Debug, Clone, Serialize)]
pub struct WithdrawalTold {
    pub reference: DocumentId,
    pub status: WithdrawnAs,
}

/// A citation that the agency does not give back.
#[derive(Debug, Clone, Serialize)]
pub struct NotGivenBack {
    pub reference: DocumentId,
    pub why: String,
    /// The document that asked for it last.
    pub document: Option<DocumentId>,
}

/// Citations that are not handed over for one reason.
#[derive(Debug, Clone, Serialize)]
pub struct LeftTold {
    pub why: Left,
    pub count: usize,
    pub citations: Vec<String>,
}

impl CollectionTold {
    #[must_use]
    pub fn new(to: &RecipientConfig, intent: &Intent) -> Self {
        let withdrawal = |one: &crate::ports::Withdrawal| WithdrawalTold {
            reference: one.reference.clone(),
            status: one.now,
        };
        let not_given_back = |row: &ReferralKept| NotGivenBack {
            reference: row.reference.clone(),
            why: row.reason.clone().unwrap_or_default(),
            document: row.withdrawal.clone(),
        };
        let left = intent.left.iter().map(|(why, ids)| LeftTold {
            why: *why,
            count: ids.len(),
            citations: ids.iter().map(ToString::to_string).collect(),
        });
        Self {
            to: to.name.clone(),
            currency: to.currency.clone(),
            referrals: Sum { count: intent.referrals.len(), amount: intent.due() },
            references: intent.referrals.keys().cloned().collect(),
            withdrawals: intent.withdrawals.iter().map(withdrawal).collect(),
            not_given_back: intent.kept_there.iter().map(not_given_back).collect(),
            left_out: left.collect(),
            there: Sum { count: intent.there.0, amount: intent.there.1 },
        }
    }

    /// Whether there is nothing to say beside what is there.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.references.is_empty()
            && self.withdrawals.is_empty()
            && self.not_given_back.is_empty()
            && self.left_out.is_empty()
    }

    /// What a person must know of those that the agency does not give back.
    #[must_use]
    pub fn kept_there(&self) -> Option<Trouble> {
        let first = self.not_given_back.first()?;
        let name = |one: &NotGivenBack| format!("{} ({})", one.reference, printable(&one.why));
        let citations = self.not_given_back.iter().map(name).collect();
        let document = first.document.as_ref().map(ToString::to_string);
        let trouble = CollectionTrouble::KeptThere { citations, document };
        Some(Trouble::new(About::Source(self.to.clone()), TroubleKind::Collection(trouble)))
    }

    /// What a person must know of it after a run; `mode` says what the run does by itself.
    #[must_use]
    pub fn troubles(&self, mode: SendMode) -> Vec<Trouble> {
        let agency = self.to.to_string();
        let mut troubles = Vec::new();
        if mode != SendMode::Full {
            if !self.withdrawals.is_empty() {
                let references = self.withdrawals.iter().map(|one| one.reference.to_string());
                let references = references.collect();
                let agency = agency.clone();
                troubles.push(CollectionTrouble::WithdrawalsWait { references, agency });
            }
            if self.referrals.count > 0 {
                let amount = format!("{} {}", self.referrals.amount, self.currency);
                let count = self.referrals.count;
                troubles.push(CollectionTrouble::ReferralsWait { count, amount, agency });
            }
        }
        let about = About::Source(self.to.clone());
        let trouble = |one| Trouble::new(about.clone(), TroubleKind::Collection(one));
        self.kept_there().into_iter().chain(troubles.into_iter().map(trouble)).collect()
    }

    /// The text for people.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let Self { to, currency, referrals, references, withdrawals, there, .. } = self;
        let mut text = String::new();
        let named = |all: &[String]| printable(&some_of(all, NAMED_MAX, ", "));
        let _ = writeln!(
            text,
            "{to}: {} there, {} {currency}.",
            many(there.count, "citation"),
            there.amount
        );
        if !withdrawals.is_empty() {
            let each = withdrawals.iter().map(|one| format!("{} {}", one.reference, one.status));
            let each: Vec<_> = each.collect();
            let title = format!("{} to take back first:", many(each.len(), "citation"));
            let _ = writeln!(text, "  {} {}", look.paint(Tone::Bad, &title), named(&each));
        }
        for NotGivenBack { reference, why, .. } in &self.not_given_back {
            let why = printable(why);
            let _ =
                writeln!(text, "  {reference} was not given back when it was asked last: {why}");
        }
        if references.is_empty() {
            text.push_str("  Nothing to hand over.\n");
        } else {
            let each: Vec<_> = references.iter().map(ToString::to_string).collect();
            let count = many(referrals.count, "citation");
            let amount = referrals.amount;
            let _ = writeln!(text, "  {count} to hand over, {amount} {currency}: {}", named(&each));
        }
        for LeftTold { why, count, citations } in &self.left_out {
            let _ = writeln!(
                text,
                "  {} left out, {}: {}",
                many(*count, "citation"),
                why.explain(),
                named(citations)
            );
        }
        text
    }
}

/// What a person must know of citations under names that the configuration has no more.
#[must_use]
pub fn of_stray(stray: &Stray) -> Trouble {
    let Stray { agency, source, count, is_agency_gone, .. } = stray;
    let trouble = match is_agency_gone {
        true => CollectionTrouble::AgencyGone { count: *count, agency: agency.to_string() },
        false => CollectionTrouble::ServiceGone { count: *count, service: source.to_string() },
    };
    Trouble::new(About::Source(agency.clone()), TroubleKind::Collection(trouble))
}

/// A line of `status` about them.
#[must_use]
pub fn stray_line(stray: &Stray, look: Look) -> String {
    let trouble = of_stray(stray);
    format!("{}: {}\n", stray.agency, look.paint(Tone::Bad, &trouble.text()))
}

/// What an agency has, as the state file knows it.
#[derive(Debug, Clone, Serialize)]
pub struct AgencyStatus {
    pub name: SourceName,
    pub currency: Currency,
    /// What somebody is asked for there.
    pub there: Sum,
    /// Those that nobody owes any more, and that it was not told of yet.
    pub to_take_back: usize,
    /// Those that it put on hold.
    pub on_hold: usize,
    /// Those that it did not take.
    pub refused: usize,
    /// Those in batches of which nobody knows what became of them.
    pub unknown: usize,
}

impl AgencyStatus {
    #[must_use]
    pub fn new(to: &RecipientConfig, rows: &[ReferralKept]) -> Self {
        let count =
            |wanted: &dyn Fn(&ReferralKept) -> bool| rows.iter().filter(|row| wanted(row)).count();
        let is_there = |row: &ReferralKept| row.state == ReferralState::There && row.told.is_none();
        let amount = rows.iter().filter(|row| is_there(row)).map(|row| Amount::from(row.due)).sum();
        Self {
            name: to.name.clone(),
            currency: to.currency.clone(),
            there: Sum { count: count(&is_there), amount },
            to_take_back: count(&ReferralKept::waits),
            on_hold: count(&|row| row.told == Some(WithdrawnAs::Hold)),
            refused: count(&|row| row.state == ReferralState::Refused),
            unknown: count(&|row| row.state == ReferralState::Sent || row.is_asked()),
        }
    }

    /// A line of `status`.
    #[must_use]
    pub fn line(&self, look: Look) -> String {
        let Self { name, currency, there, to_take_back, on_hold, refused, unknown } = self;
        let mut text =
            format!("{name}: {} there, {} {currency}", many(there.count, "citation"), there.amount);
        if *to_take_back > 0 {
            let back = format!("{to_take_back} to take back");
            let _ = write!(text, ", {}", look.paint(Tone::Bad, &back));
        }
        for (count, what) in [(on_hold, "on hold"), (refused, "not taken"), (unknown, "not known")]
        {
            if *count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        text.push('\n');
        text
    }
}

/// How a citation stands at an agency, in the answer to `lookup citation:ID`.
#[derive(Debug, Clone, Serialize)]
pub struct ReferralTold {
    to: SourceName,
    state: ReferralState,
    amount: Amount,
    wanted: Option<WithdrawnAs>,
    told: Option<WithdrawnAs>,
    reason: Option<String>,
    batch: DocumentId,
}

impl From<&ReferralKept> for ReferralTold {
    fn from(row: &ReferralKept) -> Self {
        Self {
            to: row.agency.clone(),
            state: row.state,
            amount: row.due.into(),
            wanted: row.wanted,
            told: row.told,
            reason: row.reason.clone(),
            batch: row.batch.clone(),
        }
    }
}

impl ReferralTold {
    /// A line of text.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { to, state, amount, wanted, told, reason, batch } = self;
        let mut text = match state {
            ReferralState::Sent => format!("  on its way to {to}, {amount}, in {batch}"),
            ReferralState::There => format!("  handed over to {to}, {amount}, in {batch}"),
            ReferralState::Refused => format!("  not taken by {to}, in {batch}"),
        };
        if let Some(told) = told {
            let _ = write!(text, "; taken back as {told}");
        }
        if let Some(wanted) = wanted.filter(|wanted| Some(*wanted) != *told) {
            let _ = write!(text, "; to be taken back as {wanted}");
        }
        if let Some(reason) = reason {
            let _ = write!(text, "; {}", printable(reason));
        }
        text.push('\n');
        text
    }
}
