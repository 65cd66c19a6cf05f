//! An agency that collects over HTTP.

use ureq::http::HeaderName;

use super::wire;
use crate::model::DocumentKind;
use crate::net::service::Service;
use crate::net::service::deliver::{Parcel, Put};
use crate::ports::{Document, Failure, Recipient, Standing, Survey};

/// The header that names a document for ever.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// One agency.
#[derive(Debug)]
pub(super) struct Agency {
    pub service: Service,
}

impl Recipient for Agency {
    /// Nothing is known there of what was never handed over.
    fn survey(&self, _: &Document) -> Result<Survey, Failure> {
        Ok(Survey::default())
    }

    /// A batch has no name before it is acknowledged, so that it is asked for by its key.
    fn state(&self, document: &Document, key: &str) -> Result<Standing, Failure> {
        let answer = self.service.get(&format!("idempotency-keys/{key}"))?;
        Ok(match answer.status {
            404 => Standing::Never,
            405 => Standing::Unaskable,
            _ => wire::standing(&answer.body, document),
        })
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        let path = if document.kind == DocumentKind::Referral { "citations" } else { "status" };
        let headers = [(KEY, key)];
        let parcel = Parcel { method: Put::Post, body: &document.bytes, headers: &headers };
        let answer = self.service.deliver(&self.service.below(path), parcel)?;
        Ok(match answer.status {
            200..=299 => wire::standing(&answer.body, document),
            409 => Standing::Doubtful("it says that the batch is being dealt with".to_owned()),
            422 => Standing::Refused(
                "the agency cannot take it as it is (422): please report this as a fault".into(),
            ),
            status => Standing::Refused(format!("the agency refused it with status {status}")),
        })
    }

    fn try_login(&self) -> Result<(), Failure> {
        // No citation has this number; that there is none was said to somebody who may ask.
        Ok(self.service.get("citations/ivms-sync-check").map(drop)?)
    }
}
