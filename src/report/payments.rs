//! The answer about a payment or a document: as text and as JSON. Pure.

use std::fmt::Write as _;

use serde::Serialize;

use super::Head;
use super::documents::{DocumentReport, DocumentTold};
use super::look::Look;
use crate::command::CommandName;
use crate::exit::Exit;
use crate::model::{Amount, SourceName, printable};
use crate::ports::PaymentThere;
use crate::trouble::Trouble;

/// A payment, as the system where it was made tells it.
#[derive(Debug, Clone, Serialize)]
pub struct PaymentTold {
    from: SourceName,
    /// As text with two decimals.
    amount: String,
    /// What may still be given back, over all refunds that anybody knows of.
    left: String,
    /// In the system's own words.
    payment: serde_json::Value,
}

impl PaymentTold {
    #[must_use]
    pub fn new(from: &SourceName, payment: &PaymentThere, left: Amount) -> Self {
        Self {
            from: from.clone(),
            amount: payment.amount.to_string(),
            left: left.max(Amount::ZERO).to_string(),
            payment: serde_json::from_str(&payment.told).unwrap_or_default(),
        }
    }
}

/// What is known of a payment, or of a document.
#[derive(Debug)]
pub struct PaymentAnswer {
    who: String,
    pub payments: Vec<PaymentTold>,
    pub documents: Vec<DocumentTold>,
    pub troubles: Vec<Trouble>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    who: &'a str,
    payments: &'a [PaymentTold],
    documents: &'a [DocumentTold],
    problems: &'a [Trouble],
    exit_code: u8,
}

impl PaymentAnswer {
    /// Nothing is known yet of what was typed.
    #[must_use]
    pub fn new(who: &str) -> Self {
        let (payments, documents, troubles) = Default::default();
        Self { who: who.to_owned(), payments, documents, troubles }
    }

    /// 20 where nothing is known, and nothing kept from knowing.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let is_nothing = self.payments.is_empty() && self.documents.is_empty();
        let nothing = is_nothing.then_some(Exit::NobodyFound);
        Exit::of_all(self.troubles.iter().map(Trouble::exit).chain(nothing))
    }

    /// The JSON document.
    #[must_use]
    pub fn document(&self) -> impl Serialize + '_ {
        Document {
            head: Head::of(CommandName::Lookup),
            who: &self.who,
            payments: &self.payments,
            documents: &self.documents,
            problems: &self.troubles,
            exit_code: self.exit().code(),
        }
    }

    /// The text for people.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let mut text = String::new();
        for PaymentTold { from, amount, left, payment } in &self.payments {
            let _ = writeln!(text, "Payment of {amount} at {from}, of which {left} is left:");
            for (key, value) in payment.as_object().into_iter().flatten() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let _ = writeln!(text, "  {key}: {}", printable(&value));
            }
        }
        let (documents, troubles) = (self.documents.clone(), Vec::new());
        let (command, collections) = (CommandName::Lookup, Vec::new());
        let report = DocumentReport { command, documents, collections, troubles };
        text.push_str(&report.render(look));
        if text.is_empty() {
            text.push_str("Nothing of that name is known.\n");
        }
        look.folded(text)
    }
}
