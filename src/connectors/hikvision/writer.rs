//! Changing a device: the validity of one person, and nothing else.

use reqwest::Method;
use serde_json::{Map, Value};

use super::call::Ask;
use super::error::Error;
use super::manners::WriteManners;
use super::reader::Reader;
use super::wire::{Meaning, ResponseStatus, droppable, modify_body, modify_fields, shown_pin};
use crate::model::Window;
use crate::ports::FullRecord;

const MODIFY: &str = "/ISAPI/AccessControl/UserInfo/Modify?format=json";

const CALL: &str = "person change";

/// How many refused fields are dropped from one change: real devices mind one or two.
const DROPS_MAX: usize = 3;

/// Changes validities. `Modify` is the only verb: it never makes a person that is not there.
pub struct Writer<'r> {
    reader: &'r mut Reader,
    manners: &'r mut WriteManners,
    /// Fields that are sent back too, where a person holds them: those that the capabilities name.
    named: &'r [String],
}

impl<'r> Writer<'r> {
    /// Borrows a connection, with all it has learnt about logins, and what is known of how its firmware
    /// takes changes.
    pub fn new(reader: &'r mut Reader, manners: &'r mut WriteManners, named: &'r [String]) -> Self {
        Self { reader, manners, named }
    }

    /// Sets the validity of a person that was just read; `enable` becomes true, every other readable
    /// field goes back as read. `Ok` means that the device said so: read the person back and compare
    /// before calling it done. The window is sent as it is; clamp it first.
    ///
    /// Where the method is refused the other one is tried once, and where a field is, the change
    /// without it; what worked is kept for the next change. A change that was lost on a kept connection
    /// before it came to a login is sent again once, if reading the person shows that it did not happen.
    ///
    /// # Errors
    /// [`Error::NoSuchPerson`]; any [`Error`] of class `Unknown` when the change may have happened;
    /// others when it did not.
    pub fn modify(&mut self, record: &FullRecord, validity: Window) -> Result<(), Error> {
        if let Some(flaw) = record.person.flaw {
            let what = format!("the person {}, so nothing is sent", flaw.what());
            return Err(Error::Wire { call: CALL, what, excerpt: String::new() });
        }
        let mut tried = self.manners.clone();
        let mut is_again = false;
        loop {
            let fields = modify_fields(record, validity, self.named, &tried.dropped);
            let status = match self.reader.link.call(&ask(&fields, tried.by_post)) {
                Ok(answer) if answer.status.is_some() => {
                    *self.manners = tried;
                    return Ok(());
                }
                // HTTP 2xx without a status that says 1: nobody knows.
                Ok(_) => return Err(Error::AnswerLost { call: CALL, write: true }),
                Err(Error::Refused(status)) => status,
                Err(error) if !is_again && self.reader.link.is_lost_unasked() => {
                    if !self.is_as_before(record) {
                        return Err(error);
                    }
                    log::info!(
                        "{error} on a closed connection, and nothing was changed: sent again"
                    );
                    is_again = true;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_turned = tried.by_post != self.manners.by_post;
            match status.meaning() {
                Meaning::MethodRefused if !is_turned => tried.by_post = !tried.by_post,
                Meaning::MethodRefused => {
                    return Err(Error::TakesNoChange(status));
                }
                Meaning::NoSuchPerson => {
                    return Err(Error::NoSuchPerson(record.person.employee_no.clone()));
                }
                _ => match self.to_drop(&fields, &status, &tried) {
                    Some(field) => drop(tried.dropped.insert(field)),
                    None => return Err(Error::Refused(status)),
                },
            }
        }
    }

    /// Whether reading the person again shows that nothing was changed.
    fn is_as_before(&mut self, record: &FullRecord) -> bool {
        let id = &record.person.employee_no;
        let found = self.reader.persons(std::slice::from_ref(id));
        found.is_ok_and(|found| found.get(id) == Some(record))
    }

    /// Sends a change again with the PIN that the device showed before and has lost: the only time that a PIN
    /// is ever sent. `before` is the person as read before the change.
    ///
    /// # Errors
    /// [`Error::Wire`] where no PIN was shown; others as of [`Self::modify`].
    pub fn put_back_pin(&mut self, before: &FullRecord, validity: Window) -> Result<(), Error> {
        let Some(pin) = shown_pin(before) else {
            let what = "the PIN was shown in a form that cannot be sent back".to_owned();
            return Err(Error::Wire { call: CALL, what, excerpt: String::new() });
        };
        let mut fields = modify_fields(before, validity, self.named, &self.manners.dropped);
        fields.insert("password".to_owned(), Value::String(pin));
        self.reader.link.call(&ask(&fields, self.manners.by_post)).map(drop)
    }

    /// The field to leave out, if the device named one in its refusal that can be.
    fn to_drop(
        &self,
        sent: &Map<String, Value>,
        status: &ResponseStatus,
        tried: &WriteManners,
    ) -> Option<String> {
        if tried.dropped.len() >= self.manners.dropped.len() + DROPS_MAX {
            return None;
        }
        let field = droppable(sent, self.reader.link.refusal())?;
        log::info!("{status}: trying without {field}");
        Some(field)
    }
}

fn ask(fields: &Map<String, Value>, by_post: bool) -> Ask {
    Ask {
        call: CALL,
        method: if by_post { Method::POST } else { Method::PUT },
        path: MODIFY.into(),
        body: Some(modify_body(fields)),
        write: true,
        personal: true,
    }
}
