//! `[teller.NAME]`: the keys of a cashier.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

use super::cashier::Cashier;
use super::wire;
use crate::config::reading::{Section, Surroundings, Wrong, examine_certificate};
use crate::config::{RecipientCommon, RecipientKind, RecipientSettings, Secret, Tls, Wiring};
use crate::document::JsonError;
use crate::model::{Currency, DocumentKind, Money};
use crate::net::service::{Bounds, Credentials, Service};
use crate::ports::{Document, Failure, Recipient, Remark};

/// What one refund may give back before a person must approve it, unless the configuration says otherwise.
const REFUND_LIMIT: &str = "50.00";

/// The kind of cashier that Teller is.
#[derive(Debug)]
pub struct Teller;

/// One cashier.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `teller.cashier`.
    pub section: String,
    /// What `payments` and `refunds` are added to.
    pub url: Url,
    pub tls: Tls,
    pub secret: Secret,
    pub currency: Currency,
    /// A refund of more waits for a person's approval.
    pub refund_limit: Money,
    /// Whether payments are sent at all.
    pub takes_payments: bool,
}

impl RecipientKind for Teller {
    fn name(&self) -> &'static str {
        "teller"
    }

    fn settles(&self) -> bool {
        true
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &RecipientCommon<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RecipientSettings>> {
        let currency = common.currency;
        let service = section.service("payments and the secret", surroundings);
        let refund_limit = section.text("refund_limit", |text| limit(text, currency));
        let usual = Money::parse(&format!("{REFUND_LIMIT} {currency}"))?;
        let refund_limit = refund_limit.or(usual);
        let takes_payments = section.flag("payments").or(false);
        let (url, secret, tls) = service?;
        Some(Arc::new(Settings {
            section: section.dotted(""),
            url,
            tls,
            secret,
            currency: currency.clone(),
            refund_limit,
            takes_payments,
        }))
    }
}

fn limit(text: &str, currency: &Currency) -> Result<Money, Wrong> {
    let hint = format!("write an amount and its currency, as in \"50.00 {currency}\"");
    match Money::parse(text) {
        None => Err(Wrong::new("is no amount of money").hint(hint)),
        Some(money) if money.currency != *currency => {
            Err(Wrong::new("is in another currency than `currency` says").hint(hint))
        }
        Some(money) => Ok(money),
    }
}

impl RecipientSettings for Settings {
    fn document(&self, bytes: &[u8], _: DateTime<Utc>) -> Result<Document, JsonError> {
        wire::document(bytes, &self.currency)
    }

    fn limit(&self, kind: DocumentKind) -> Option<&Money> {
        (kind == DocumentKind::Refund).then_some(&self.refund_limit)
    }

    fn declines(&self, kind: DocumentKind) -> Option<&'static str> {
        let is_declined = kind == DocumentKind::Payment && !self.takes_payments;
        is_declined
            .then_some("payments are not sent here: the configuration has no `payments = true`")
    }

    fn has_payments(&self) -> bool {
        true
    }

    fn connect(&self, wiring: Wiring) -> Result<Box<dyn Recipient>, Failure> {
        let credentials = Credentials::authorization("Bearer", self.secret.expose());
        let service =
            Service::new(&self.url, &self.tls, credentials, Bounds::default(), wiring.count)?;
        Ok(Box::new(Cashier {
            service: service.taking(&[404, 405]),
            currency: self.currency.clone(),
        }))
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &self.section)
    }
}
