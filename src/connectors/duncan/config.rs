//! `[duncan.NAME]`: the keys of an agency that collects.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use url::Url;

use super::agency::Agency;
use super::wire::{self, ROWS_MAX};
use crate::config::reading::{Section, Surroundings, Wrong, address, examine_certificate, value};
use crate::config::{RecipientCommon, RecipientKind, RecipientSettings, Secret, Tls, Wiring};
use crate::document::JsonError;
use crate::model::Currency;
use crate::net::service::{Bounds, Credentials, Service};
use crate::ports::{Collection, Document, Failure, Recipient, Referral, Remark, Withdrawal};

const REFER_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);

/// After a year nobody begins to collect.
const REFER_AFTER_DAYS_MAX: u64 = 365;

const BATCH: usize = 500;

/// The kind of agency that Duncan is.
#[derive(Debug)]
pub struct Duncan;

/// One agency.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `duncan.collect`.
    pub section: String,
    /// What `citations` and `status` are added to.
    pub url: Url,
    pub tls: Tls,
    pub username: String,
    pub secret: Secret,
    pub currency: Currency,
    /// A citation must be so old.
    pub refer_after: Duration,
    /// The most rows of a batch.
    pub batch: usize,
}

impl RecipientKind for Duncan {
    fn name(&self) -> &'static str {
        "duncan"
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &RecipientCommon<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RecipientSettings>> {
        let url = section.text("url", address::safe_web).required();
        let username = section.text("username", |text| match text.contains(':') {
            true => Err(Wrong::new("holds a colon, which would begin the password")),
            false => value::not_empty(text),
        });
        let username = username.required();
        let secret = section.password("secret", surroundings);
        let tls = section.text("tls", value::tls).or(Tls::System);
        let refer_after =
            section.text("refer_after", |text| value::interval(text, REFER_AFTER_DAYS_MAX));
        let batch = section.integer("batch", |rows| match usize::try_from(rows) {
            Ok(rows @ 1..=ROWS_MAX) => Ok(rows),
            _ => Err(Wrong::new(format!("is not between 1 and {ROWS_MAX} citations"))),
        });
        let (refer_after, batch) = (refer_after.or(REFER_AFTER), batch.or(BATCH));
        if let Some(url) = &url {
            section.check_tls(url, &tls, "citations and the secret");
        }
        Some(Arc::new(Settings {
            section: section.dotted(""),
            url: url?,
            tls,
            username: username?,
            secret: secret?,
            currency: common.currency.clone(),
            refer_after,
            batch,
        }))
    }
}

impl RecipientSettings for Settings {
    fn document(&self, bytes: &[u8], now: DateTime<Utc>) -> Result<Document, JsonError> {
        wire::document(bytes, &self.currency, now)
    }

    fn collection(&self) -> Option<&dyn Collection> {
        Some(self)
    }

    fn connect(&self, wiring: Wiring) -> Result<Box<dyn Recipient>, Failure> {
        let login = STANDARD.encode(format!("{}:{}", self.username, self.secret.expose()));
        let credentials = Credentials::authorization("Basic", &login);
        let bounds = Bounds::default();
        let service = Service::new(&self.url, &self.tls, credentials, bounds, wiring.count)?;
        Ok(Box::new(Agency { service: service.taking(&[404, 405]) }))
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &self.section)
    }
}

impl Collection for Settings {
    fn refer_after(&self) -> Duration {
        self.refer_after
    }

    fn referrals(&self, rows: &[Referral]) -> Vec<Vec<u8>> {
        let row = |row: &Referral| wire::referral_row(row, &self.currency);
        rows.chunks(self.batch).map(|rows| wire::batch(rows.iter().map(row))).collect()
    }

    fn withdrawals(&self, rows: &[Withdrawal]) -> Vec<Vec<u8>> {
        let batches = rows.chunks(self.batch);
        batches.map(|rows| wire::batch(rows.iter().map(wire::withdrawal_row))).collect()
    }
}
