//! A town's accounts over HTTP.

use ureq::http::HeaderName;

use super::wire;
use crate::net::service::deliver::{Parcel, Put};
use crate::net::service::{Answer, Service};
use crate::ports::{Document, Failure, Recipient, Standing, Survey};

/// The header that names a document for ever.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The accounts of one town.
#[derive(Debug)]
pub(super) struct Accounts {
    pub service: Service,
}

impl Accounts {
    fn report(&self, id: &str) -> Result<Answer, Failure> {
        Ok(self.service.get(&format!("reconciliation/{id}"))?)
    }
}

impl Recipient for Accounts {
    /// A report moves nothing there; what it must agree with are our own books.
    fn survey(&self, _: &Document) -> Result<Survey, Failure> {
        Ok(Survey::default())
    }

    fn state(&self, document: &Document, _: &str) -> Result<Standing, Failure> {
        let answer = self.report(document.id.as_str())?;
        Ok(match answer.status {
            404 => Standing::Never,
            405 => Standing::Unaskable,
            _ => wire::standing(&answer.body, document),
        })
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        let url = self.service.below("reconciliation");
        let headers = [(KEY, key)];
        let parcel = Parcel { method: Put::Post, body: &document.bytes, headers: &headers };
        let answer = self.service.deliver(&url, parcel)?;
        Ok(match answer.status {
            200..=299 => wire::standing(&answer.body, document),
            409 => wire::standing_of_known(&answer.body, document),
            413 => Standing::Refused("it is longer than the accounts take".to_owned()),
            422 => Standing::Refused(
                "the accounts cannot take it as it is (422): an account or a day of theirs is another one".into(),
            ),
            status => Standing::Refused(format!("the accounts refused it with status {status}")),
        })
    }

    fn try_login(&self) -> Result<(), Failure> {
        // No report has this name; that there is none was said to somebody who may ask.
        self.report("ivms-sync-check").map(drop)
    }
}
