//! An office of citations over HTTP.

use std::time::Duration;

use url::Url;

use super::wire;
use crate::net::service::{Answer, Question, Service, ServiceError};
use crate::ports::{Class, Document, Failure, ListedPlate, Recipient, Standing, Subject, Survey};

/// One office.
#[derive(Debug)]
pub(super) struct Office {
    pub service: Service,
}

impl Office {
    fn citation(&self, id: &str) -> Result<Answer, Failure> {
        Ok(self.service.get(&format!("citations/{id}"))?)
    }

    /// Where it is asked for the right of a car.
    fn lookup(&self, plate: &ListedPlate, zone: &str) -> Url {
        let mut url = self.service.below("lookup");
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(&plate.text);
        }
        url.query_pairs_mut().append_pair("state", &plate.issuer).append_pair("zone", zone);
        // A plus is a blank in forms alone; one that is meant stands there as %2B.
        let query = url.query().unwrap_or_default().replace('+', "%20");
        url.set_query(Some(&query));
        url
    }
}

impl Recipient for Office {
    /// What the office itself knows of the car. One that answers no such question forbids nothing; where it cannot say,
    /// nothing is sent yet.
    fn survey(&self, document: &Document) -> Result<Survey, Failure> {
        let mut survey = Survey::default();
        let Subject::Car { plate, zone, at } = &document.subject else { return Ok(survey) };
        let url = self.lookup(plate, zone);
        let body = match self.service.ask_within(&url, Question::Get, Duration::ZERO) {
            Ok(answer) => answer.body,
            Err(ServiceError::Refused(404 | 405 | 501)) => return Ok(survey),
            Err(error) => return Err(error.into()),
        };
        match wire::had_right(&body, *at) {
            Ok(true) => survey.forbidden = Some("the office knows a right of the car".to_owned()),
            Ok(false) => {}
            Err(error) => {
                let text = format!("the office did not say whether the car has a right: {error}");
                return Err(Failure::new(Class::Temporary, false, &text, None));
            }
        }
        Ok(survey)
    }

    fn state(&self, document: &Document, _: &str) -> Result<Standing, Failure> {
        let answer = self.citation(document.id.as_str())?;
        Ok(Standing::of_question(&answer, |body| wire::standing(body, document)))
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        let answer = self.service.post_document("citations", &document.bytes, key)?;
        let read = |body: &[u8]| wire::standing(body, document);
        let known = |body: &[u8]| wire::standing_of_known(body, document);
        let refusals = [
            (413, "its evidence is more than the office takes"),
            (
                422,
                "the office cannot take it as it is (422): its code is unknown there, or it is too old",
            ),
        ];
        Ok(Standing::of_delivery(&answer, (read, known), ("the office", &refusals)))
    }

    fn try_login(&self) -> Result<(), Failure> {
        // No citation has this number; that there is none was said to somebody who may ask.
        self.citation("ivms-sync-check").map(drop)
    }
}
