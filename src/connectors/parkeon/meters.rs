//! The tariffs of meters over HTTP.

use serde_json::json;
use ureq::http::header::IF_MATCH;

use super::wire;
use crate::net::service::deliver::{Parcel, Put};
use crate::net::service::{Answer, Service};
use crate::ports::{Class, Document, Failure, FieldChange, Recipient, Standing, Subject, Survey};

const NO_METER: &str = "there is no such meter";

/// Where the tariffs of meters are.
#[derive(Debug)]
pub(super) struct Meters {
    pub service: Service,
}

/// What is there, compared with a document.
enum There {
    /// Its tariff; what the meters tell of it.
    Same(String),
    /// Another one; what differs.
    Another(String),
    /// Nothing that could be compared; why.
    Unclear(String),
}

/// The meter of a document, as its address has it: no letter of it steers an address.
fn path(document: &Document) -> Result<String, Failure> {
    match &document.subject {
        Subject::Meter(meter) => Ok(format!("meter-config/{meter}")),
        _ => Err(Failure::new(Class::NotSent, false, &"the document names no meter", None)),
    }
}

impl Meters {
    /// The tariff there; nothing where there is no such meter.
    fn tariff(&self, path: &str) -> Result<Option<Answer>, Failure> {
        let answer = self.service.get(path)?;
        match answer.status {
            404 => Ok(None),
            405 => {
                let hint = "a tariff is sent where it can be read back; ask the meters' operator";
                let text = "tariffs cannot be asked for there";
                Err(Failure::new(Class::Refused, false, &text, Some(hint)))
            }
            _ => Ok(Some(answer)),
        }
    }

    /// Whether the tariff there is this one by now.
    fn compare(&self, path: &str, document: &Document) -> Result<There, Failure> {
        let Some(answer) = self.tariff(path)? else {
            return Ok(There::Unclear(NO_METER.to_owned()));
        };
        Ok(match wire::changes(&answer.body, &document.bytes) {
            Ok(changes) if changes.is_empty() => There::Same(told(document, &answer)),
            Ok(changes) => {
                let places: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
                There::Another(format!("the tariff there differs at {}", places.join(", ")))
            }
            Err(error) => There::Unclear(error.to_string()),
        })
    }
}

/// Whether an answer may be one of the meters, which say nothing or JSON: a page for people is not.
fn is_own_word(body: &[u8]) -> bool {
    body.trim_ascii().is_empty() || serde_json::from_slice::<serde_json::Value>(body).is_ok()
}

fn told(document: &Document, answer: &Answer) -> String {
    json!({ "document": document.id.as_str(), "version": answer.etag }).to_string()
}

impl Recipient for Meters {
    fn survey(&self, document: &Document) -> Result<Survey, Failure> {
        let Some(answer) = self.tariff(&path(document)?)? else {
            return Ok(Survey { forbidden: Some(NO_METER.to_owned()), ..Survey::default() });
        };
        let not_understood = |error| {
            let text = format!("the tariff there cannot be read: {error}");
            Failure::new(Class::Refused, false, &text, None)
        };
        let changes: Vec<FieldChange> =
            wire::changes(&answer.body, &document.bytes).map_err(not_understood)?;
        let warnings = wire::warnings(&document.bytes).map_err(not_understood)?;
        Ok(Survey { changes, warnings, base: answer.etag, ..Survey::default() })
    }

    /// What is not there as it was sent did not take effect, or not yet: whoever was told that it waits waits on.
    fn state(&self, document: &Document, _: &str) -> Result<Standing, Failure> {
        if document.bytes.is_empty() {
            return Ok(Standing::Unaskable);
        }
        Ok(match self.compare(&path(document)?, document)? {
            There::Same(told) => Standing::Confirmed(told),
            There::Another(_) => Standing::Never,
            There::Unclear(what) => Standing::Doubtful(what),
        })
    }

    /// The same tariff twice is one, and one that was compared with another version is not taken, so that it needs no
    /// key.
    fn send(&self, document: &Document, _: &str, base: Option<&str>) -> Result<Standing, Failure> {
        let path = path(document)?;
        let headers: Vec<_> = base.map(|base| (IF_MATCH, base)).into_iter().collect();
        let body = wire::sent(&document.bytes).map_err(|error| {
            let text = format!("the tariff cannot be read: {error}");
            Failure::new(Class::NotSent, false, &text, None)
        })?;
        let parcel = Parcel { method: Put::Put, body: &body, headers: &headers };
        let answer = self.service.deliver(&self.service.below(&path), parcel)?;
        Ok(match answer.status {
            202 => Standing::Pending(told(document, &answer)),
            200..=299 => match self.compare(&path, document) {
                Ok(There::Same(told)) => Standing::Confirmed(told),
                // Somebody else has answered, perhaps: it is asked about, and may be sent again.
                Ok(There::Another(_)) if !is_own_word(&answer.body) => {
                    Standing::Doubtful("its answer is no word of the meters".to_owned())
                }
                // It was taken, so that it is asked about and never sent again by itself.
                Ok(There::Another(what)) => Standing::Pending(
                    json!({ "document": document.id.as_str(), "differs": what }).to_string(),
                ),
                Ok(There::Unclear(what)) => Standing::Doubtful(what),
                Err(failure) => {
                    Standing::Doubtful(format!("it was taken, and not read back: {failure}"))
                }
            },
            404 => Standing::Refused(NO_METER.to_owned()),
            // This one, perhaps: it was sent before, and its answer lost.
            409 => Standing::Pending(json!({ "document": document.id.as_str() }).to_string()),
            412 => Standing::Moved,
            422 => Standing::Refused(
                "the meters cannot take it as it is (422): please report this as a fault".into(),
            ),
            428 => Standing::Refused(
                "it is taken with the version alone that it was compared with (428)".into(),
            ),
            status => Standing::Refused(format!("the meters refused it with status {status}")),
        })
    }

    fn try_login(&self) -> Result<(), Failure> {
        // No meter has this name; that there is none was said to somebody who may ask.
        Ok(self.service.get("meter-config/ivms-sync-check").map(drop)?)
    }
}
