//! `[aims.NAME]`: the keys of an office of citations.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

use super::office::Office;
use super::wire::{self, LIMITS};
use crate::config::reading::{Section, Surroundings, examine_certificate};
use crate::config::{RecipientCommon, RecipientKind, RecipientSettings, Secret, Tls, Wiring};
use crate::document::JsonError;
use crate::model::Currency;
use crate::net::oauth::Grant;
use crate::net::service::{Bounds, Credentials, Service};
use crate::ports::{Document, Failure, Recipient, Remark};

/// The kind of office that AIMS is.
#[derive(Debug)]
pub struct Aims;

/// One office.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `aims.citations`.
    pub section: String,
    /// What `citations` and `lookup` are added to.
    pub url: Url,
    pub tls: Tls,
    /// How a token is asked for.
    pub grant: Grant,
    pub secret: Secret,
    pub currency: Currency,
}

impl RecipientKind for Aims {
    fn name(&self) -> &'static str {
        "aims"
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &RecipientCommon<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RecipientSettings>> {
        let service = section.service("citations and tokens", surroundings);
        let grant = section.grant();
        let (url, secret, tls) = service?;
        Some(Arc::new(Settings {
            section: section.dotted(""),
            url,
            tls,
            grant: grant?,
            secret,
            currency: common.currency.clone(),
        }))
    }
}

impl RecipientSettings for Settings {
    fn document(&self, bytes: &[u8], now: DateTime<Utc>) -> Result<Document, JsonError> {
        wire::document(bytes, &self.currency, now)
    }

    fn connect(&self, wiring: Wiring) -> Result<Box<dyn Recipient>, Failure> {
        // An answer may hold the citation that is there, with its evidence.
        let bounds = Bounds { bytes: LIMITS.bytes_max, ..Bounds::default() };
        let secret = self.secret.expose();
        let (url, tls, count) = (&self.url, &self.tls, wiring.count);
        let token = Credentials::token(&self.grant, secret, url, tls, bounds, count.clone())?;
        let service = Service::new(url, tls, token, bounds, count)?;
        Ok(Box::new(Office { service: service.taking(&[404, 405]) }))
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &self.section)
    }
}
