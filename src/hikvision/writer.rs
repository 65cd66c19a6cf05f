//! Changing a device: the validity of one person, and nothing else.

use reqwest::Method;

use super::call::Ask;
use super::error::Error;
use super::reader::Reader;
use super::wire::{Meaning, PersonRecord, modify_body};
use crate::model::Window;

const MODIFY: &str = "/ISAPI/AccessControl/UserInfo/Modify?format=json";

/// Changes validities. `Modify` is the only verb: it never makes a person that is not there.
/// Source: hikvision-isapi.md sections 1.2 and 3.
pub struct Writer {
    reader: Reader,
    named: Vec<String>,
}

impl Writer {
    /// Takes over a connection, with all it has learnt about logins.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self { reader, named: Vec::new() }
    }

    /// Sends these fields back too, where a person holds them: those that the device's capabilities
    /// name.
    pub fn also_send(&mut self, fields: &[String]) {
        self.named = fields.to_vec();
    }

    /// The reading half.
    pub fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// Sets the validity of a person that was just read; `enable` becomes true, every other readable
    /// field goes back as read. `Ok` means that the device said so: read the person back and compare
    /// before calling it done. The window is sent as it is; clamp it first.
    ///
    /// # Errors
    /// [`Error::NoSuchPerson`]; any [`Error`] of class `Unknown` when the change may have happened;
    /// others when it did not.
    pub fn modify(&mut self, record: &PersonRecord, validity: Window) -> Result<(), Error> {
        const CALL: &str = "person change";
        if let Some(flaw) = record.person.flaw {
            let what = format!("the person {}, so nothing is sent", flaw.what());
            return Err(Error::Wire { call: CALL, what, excerpt: String::new() });
        }
        let body = modify_body(record, validity, &self.named);
        let ask = Ask {
            call: CALL,
            method: Method::PUT,
            path: MODIFY,
            body: Some(body),
            write: true,
            personal: true,
        };
        match self.reader.link.call(&ask) {
            Ok(answer) if answer.status.is_some() => Ok(()),
            // HTTP 2xx without a status that says 1: nobody knows.
            Ok(_) => Err(Error::AnswerLost { call: CALL, write: true }),
            Err(Error::Refused(status)) if status.meaning() == Meaning::NoSuchPerson => {
                Err(Error::NoSuchPerson(record.person.employee_no.clone()))
            }
            Err(error) => Err(error),
        }
    }
}
