//! What is known of a document and its payment before it is sent, and what is left of that. What decides is pure.

use std::collections::BTreeMap;

use super::Outbox;
use crate::config::{Config, RecipientConfig};
use crate::model::{Amount, DocumentId, DocumentKind, SourceName};
use crate::ports::{Document, Failure, PaymentThere, Survey};
use crate::store::{DocumentKept, Returned, Store, StoreError};

/// What went back of a payment already, as far as is known here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenBack {
    /// Its refunds.
    pub refunds: Vec<DocumentKept>,
    /// What settlements say of it.
    pub settled: Returned,
}

impl GivenBack {
    /// What is known of a payment at one cashier. Refunds for a section that the configuration does not name any more
    /// count as well: it has another name now, perhaps.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of(
        config: &Config,
        store: &Store,
        to: &SourceName,
        payment: &DocumentId,
    ) -> Result<Self, StoreError> {
        let mut refunds = store.outbox().refunds_of(payment)?;
        refunds.retain(|one| one.to == *to || !is_named(config, &one.to));
        let settled = store.books().returned(to.as_str(), payment.as_str())?;
        Ok(Self { refunds, settled })
    }
}

impl Outbox<'_> {
    /// What the other side says of a document before it is sent. Money that is there already must not move once more
    /// where the state file was lost, and the key is forgotten there; whatever else there is, it takes once.
    pub(super) fn survey(
        &self,
        to: &RecipientConfig,
        document: &Document,
        key: &str,
    ) -> Result<Survey, Failure> {
        let there = self.systems.recipient(to)?;
        let mut survey = there.survey(document)?;
        let moves_money = matches!(document.kind, DocumentKind::Payment | DocumentKind::Refund);
        if moves_money && survey.forbidden.is_none() {
            survey.there = Some(there.state(document, key)?);
        }
        Ok(survey)
    }
}

/// Whether the configuration has a section of this name for documents.
pub(super) fn is_named(config: &Config, name: &SourceName) -> bool {
    config.recipients.iter().any(|section| section.name == *name)
}

/// What is left of a payment for one more refund, over all refunds that anybody knows of: one whose end nobody knows
/// counts as done. What settlements say counts where it is more, and what was charged back besides; and the other
/// side's own word where it leaves less.
#[must_use]
pub fn left_of(
    payment: &PaymentThere,
    own: Option<&DocumentId>,
    GivenBack { refunds, settled }: &GivenBack,
) -> Amount {
    let counts = |one: &&DocumentKept| {
        Some(&one.id) != own && (one.state.is_open() || one.is_done == Some(true))
    };
    let mut given: BTreeMap<&DocumentId, Amount> = payment
        .refunds
        .iter()
        .filter(|(id, _)| Some(id) != own)
        .map(|(id, amount)| (id, *amount))
        .collect();
    let mut unheard = Amount::ZERO;
    for refund in refunds.iter().filter(counts) {
        let amount = refund.money.as_ref().map_or(Amount::ZERO, |money| Amount::from(money.amount));
        if given.insert(&refund.id, amount).is_none() && refund.state.is_open() {
            unheard = unheard + amount;
        }
    }
    let refunded = given.into_values().sum::<Amount>().max(settled.refunded);
    let by_ours = payment.amount - refunded - settled.charged_back;
    // What it has not heard of is not taken off there yet.
    by_ours.min(payment.left - unheard)
}
