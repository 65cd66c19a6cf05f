//! `[parkeon.NAME]` with an address: meters that take tariffs.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;

use super::meters::Meters;
use super::wire;
use crate::config::reading::{Section, Surroundings, examine_certificate};
use crate::config::{RecipientCommon, RecipientKind, RecipientSettings, Secret, Tls, Wiring};
use crate::document::JsonError;
use crate::net::service::{Bounds, Credentials, Service};
use crate::ports::{Document, Failure, Recipient, Remark};

/// How these meters take tariffs.
#[derive(Debug)]
pub(super) struct Tariffs;

/// Where the tariffs of some meters are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section in the configuration: `parkeon.meters`.
    pub section: String,
    /// What `meter-config` is added to.
    pub url: Url,
    pub tls: Tls,
    pub secret: Secret,
}

impl RecipientKind for Tariffs {
    fn name(&self) -> &'static str {
        "parkeon"
    }

    fn read(
        &self,
        section: &Section<'_>,
        _: &RecipientCommon<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Option<Arc<dyn RecipientSettings>> {
        let service = section.service("tariffs and the secret", surroundings);
        let (url, secret, tls) = service?;
        Some(Arc::new(Settings { section: section.dotted(""), url, tls, secret }))
    }
}

impl RecipientSettings for Settings {
    fn document(&self, bytes: &[u8], _: DateTime<Utc>) -> Result<Document, JsonError> {
        wire::document(bytes)
    }

    fn connect(&self, wiring: Wiring) -> Result<Box<dyn Recipient>, Failure> {
        let credentials = Credentials::authorization("Bearer", self.secret.expose());
        let bounds = Bounds::default();
        let service = Service::new(&self.url, &self.tls, credentials, bounds, wiring.count)?;
        Ok(Box::new(Meters { service: service.taking(&[404, 405]) }))
    }

    fn examine(&self) -> Vec<Remark> {
        examine_certificate(&self.url, &self.tls, &self.section)
    }
}
