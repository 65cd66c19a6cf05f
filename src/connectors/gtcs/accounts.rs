//! A town's accounts over HTTP.

use super::wire;
use crate::net::service::{Answer, Service};
use crate::ports::{Document, Failure, Recipient, Standing, Survey};

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
        Ok(Standing::of_question(&answer, |body| wire::standing(body, document)))
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        let answer = self.service.post_document("reconciliation", &document.bytes, key)?;
        let read = |body: &[u8]| wire::standing(body, document);
        let known = |body: &[u8]| wire::standing_of_known(body, document);
        let refusals = [
            (413, "it is longer than the accounts take"),
            (
                422,
                "the accounts cannot take it as it is (422): an account or a day of theirs is another one",
            ),
        ];
        Ok(Standing::of_delivery(&answer, (read, known), ("the accounts", &refusals)))
    }

    fn try_login(&self) -> Result<(), Failure> {
        // No report has this name; that there is none was said to somebody who may ask.
        self.report("ivms-sync-check").map(drop)
    }
}
