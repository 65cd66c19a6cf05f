//! `[duncan.NAME]`: the keys of an agency that collects.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use url::Url;

use super::agency::Agency;
use super::spool::{self, Spool};
use super::wire::{self, ROWS_MAX};
use crate::config::reading::{
    Section, Surroundings, Wrong, absolute, address, examine_certificate, value,
};
use crate::config::{RecipientCommon, RecipientKind, RecipientSettings, Secret, Tls, Wiring};
use crate::document::JsonError;
use crate::files::seal::SealKey;
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

/// How batches get there.
#[derive(Debug, Clone)]
pub enum Transport {
    Http {
        /// What `citations` and `status` are added to.
        url: Url,
        tls: Tls,
        username: String,
        secret: Secret,
    },
    /// Files in a folder, from which somebody takes them.
    Spool {
        folder: PathBuf,
        /// Whose keys open them; none where they are not sealed.
        sealed_for: Vec<SealKey>,
    },
}

/// One agency.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `duncan.collect`.
    pub section: String,
    pub transport: Transport,
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
        let ways = [("http", false), ("csv", true)];
        let is_spool = section.text("transport", |text| value::word(text, &ways)).or(false);
        let url = section.text("url", address::safe_web);
        let username = section.text("username", |text| match text.contains(':') {
            true => Err(Wrong::new("holds a colon, which would begin the password")),
            false => value::not_empty(text),
        });
        let tls = section.text("tls", value::tls).or(Tls::System);
        let spool = section.text("spool", value::path);
        let sealed_for = section.sealed_for(None, surroundings);
        let transport = if is_spool {
            // A login leads nowhere then.
            let folder = spool.required().map(|path| absolute(surroundings.folder, &path));
            section.refuse(&["url", "username"], "transport = \"csv\"");
            folder.map(|folder| Transport::Spool { folder, sealed_for })
        } else {
            spool.optional();
            if !sealed_for.is_empty() {
                let wrong = Wrong::new("has no place beside transport = \"http\"");
                section.wrong("sealed", wrong.hint("take it out"));
            }
            let (url, username) = (url.required(), username.required());
            let secret = section.password("secret", surroundings);
            if let Some(url) = &url {
                section.check_tls(url, &tls, "citations and the secret");
            }
            (|| Some(Transport::Http { url: url?, tls, username: username?, secret: secret? }))()
        };
        let refer_after =
            section.text("refer_after", |text| value::interval(text, REFER_AFTER_DAYS_MAX));
        let batch = section.integer("batch", |rows| match usize::try_from(rows) {
            Ok(rows @ 1..=ROWS_MAX) => Ok(rows),
            _ => Err(Wrong::new(format!("is not between 1 and {ROWS_MAX} citations"))),
        });
        let (refer_after, batch) = (refer_after.or(REFER_AFTER), batch.or(BATCH));
        Some(Arc::new(Settings {
            section: section.dotted(""),
            transport: transport?,
            currency: common.currency.clone(),
            refer_after,
            batch,
        }))
    }

    fn collects(&self) -> bool {
        true
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
        let (url, tls, username, secret) = match &self.transport {
            Transport::Http { url, tls, username, secret } => (url, tls, username, secret),
            Transport::Spool { folder, sealed_for } => {
                let (folder, sealed_for) = (folder.clone(), sealed_for.clone());
                return Ok(Box::new(Spool { folder, sealed_for }));
            }
        };
        let login = STANDARD.encode(format!("{username}:{}", secret.expose()));
        let credentials = Credentials::authorization("Basic", &login);
        let service = Service::new(url, tls, credentials, Bounds::default(), wiring.count)?;
        Ok(Box::new(Agency { service: service.taking(&[404, 405]) }))
    }

    fn examine(&self) -> Vec<Remark> {
        match &self.transport {
            Transport::Http { url, tls, .. } => examine_certificate(url, tls, &self.section),
            Transport::Spool { .. } => Vec::new(),
        }
    }
}

impl Collection for Settings {
    fn refer_after(&self) -> Duration {
        self.refer_after
    }

    fn takes(&self, row: &Referral) -> bool {
        // By the very rules that the whole batch is read by.
        let alone = wire::batch([wire::referral_row(row, &self.currency)].into_iter());
        let is_good = wire::document(&alone, &self.currency, row.issued_at).is_ok();
        let texts = [row.plate.text.as_str(), row.plate.issuer.as_str(), &row.code, &row.zone];
        is_good
            && match &self.transport {
                Transport::Http { .. } => true,
                Transport::Spool { .. } => spool::takes(row.reference.as_str(), &texts),
            }
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
