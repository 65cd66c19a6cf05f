//! `[gtcs.NAME]`: the keys of a town's accounts.

use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use super::accounts::Accounts;
use super::{build, wire};
use crate::config::reading::{
    Origin, Section, Surroundings, Wrong, examine_certificate, text, value,
};
use crate::config::{RecipientCommon, RecipientKind, RecipientSettings, Secret, Tls, Wiring};
use crate::document::JsonError;
use crate::model::Zone;
use crate::net::service::{Bounds, Credentials, Service};
use crate::ports::{DayBooks, Document, Failure, Recipient, Remark};

/// The kind of accounts that GTCS is.
#[derive(Debug)]
pub struct Gtcs;

/// Which account a movement is booked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountCodes {
    pub payments: String,
    pub refunds: String,
}

/// The accounts of one town.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `gtcs.finance`.
    pub section: String,
    /// What `reconciliation` is added to.
    pub url: Url,
    pub tls: Tls,
    pub secret: Secret,
    pub codes: AccountCodes,
    /// Whose days are reported.
    pub time_zone: Zone,
    /// The accounts take no longer report.
    pub transactions_max: usize,
}

/// So many transactions accounts take, unless the configuration says otherwise; no day of a town has more than the
/// most that may stand there.
const TRANSACTIONS: usize = 5000;
const TRANSACTIONS_MOST: usize = 100_000;

impl RecipientKind for Gtcs {
    fn name(&self) -> &'static str {
        "gtcs"
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &RecipientCommon<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RecipientSettings>> {
        let service = section.service("revenue and the secret", surroundings);
        let codes = account_codes(section);
        let time_zone = common.time_zone(section);
        let transactions_max = section.integer("max_transactions", |most| {
            let most =
                usize::try_from(most).ok().filter(|most| (1..=TRANSACTIONS_MOST).contains(most));
            most.ok_or_else(|| Wrong::new(format!("is not between 1 and {TRANSACTIONS_MOST}")))
        });
        let transactions_max = transactions_max.or(TRANSACTIONS);
        let (url, secret, tls) = service?;
        Some(Arc::new(Settings {
            section: section.dotted(""),
            url,
            tls,
            secret,
            codes: codes?,
            time_zone,
            transactions_max,
        }))
    }
}

/// `account_codes = { PARKING_PAYMENT = "4100", REFUND = "4100" }`. `None` only together with a noted problem.
fn account_codes(section: &Section<'_>) -> Option<AccountCodes> {
    let codes = section.section("account_codes");
    if !codes.is_given() {
        let wrong = Wrong::new("is missing: nobody knows on which account to book");
        let hint = "write account_codes = { PARKING_PAYMENT = \"4100-PARKING-REVENUE\" }";
        codes.wrong_section(wrong.hint(hint));
        return None;
    }
    let mut found = [None, None];
    let mut is_well = true;
    for (kind, origin, item) in codes.entries() {
        let code = text(item).and_then(value::not_empty);
        let place = wire::KINDS.iter().position(|one| *one == kind);
        let Some(slot) = place.and_then(|place| found.get_mut(place)) else {
            let wrong = Wrong::new("is no type of a movement that is reported");
            codes.wrong_at(kind, &origin, wrong.hint("write PARKING_PAYMENT or REFUND"));
            is_well = false;
            continue;
        };
        *slot = codes.settle(kind, &origin, code);
        is_well &= slot.is_some();
    }
    let [payments, refunds] = found;
    if payments.is_none() && is_well {
        codes.wrong_at("PARKING_PAYMENT", &Origin::Nowhere, Wrong::new("is missing"));
    }
    let payments = payments.filter(|_| is_well)?;
    // What is given back is taken from where it went, unless somebody says otherwise.
    Some(AccountCodes { refunds: refunds.unwrap_or_else(|| payments.clone()), payments })
}

impl RecipientSettings for Settings {
    fn document(&self, bytes: &[u8], now: DateTime<Utc>) -> Result<Document, JsonError> {
        let most = self.transactions_max;
        wire::document(bytes, &self.codes, (self.time_zone, most), now)
    }

    fn report_day(&self, day: NaiveDate) -> Option<Range<DateTime<Utc>>> {
        self.time_zone.day(day)
    }

    fn report(&self, books: &DayBooks) -> Option<Vec<u8>> {
        build::report(books, &self.codes, self.time_zone)
    }

    fn connect(&self, wiring: Wiring) -> Result<Box<dyn Recipient>, Failure> {
        let credentials = Credentials::authorization("Bearer", self.secret.expose());
        let bounds = Bounds::default();
        let service = Service::new(&self.url, &self.tls, credentials, bounds, wiring.count)?;
        Ok(Box::new(Accounts { service: service.taking(&[404, 405]) }))
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &self.section)
    }
}
