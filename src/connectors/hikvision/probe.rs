//! The private readers, opened for the fuzz targets in `tests/fuzz` and for nothing else: no promise
//! is made about anything here.

use super::challenge;
use super::login::LockState;
use super::wire::{
    DeviceClock, DeviceInfo, Document, SearchPage, excerpt, modify_body, modify_fields,
    read_record, read_status, with_replaced_bytes,
};
use crate::model::{Window, Zone};
use crate::ports::FullRecord;
use digest_auth::AuthContext;

/// Everything that the readers make of one body.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What a message would quote.
    pub excerpt: String,
    pub lock: LockState,
    /// What it says about a request.
    pub status: Option<String>,
    /// Who the device is.
    pub info: Option<DeviceInfo>,
    pub clock: Option<DeviceClock>,
    /// Persons, each with the change that would be sent for it, if one would.
    pub persons: Vec<(FullRecord, Option<Vec<u8>>)>,
}

/// Hands a body to every reader.
#[must_use]
pub fn read(body: &[u8], zone: Zone, window: Window) -> Seen {
    let mut seen = Seen {
        excerpt: excerpt(body),
        lock: LockState::read(body),
        status: None,
        info: None,
        clock: None,
        persons: Vec::new(),
    };
    let Ok(document) = Document::parse(body) else { return seen };
    seen.status = read_status("probe", 200, &document).map(|status| status.to_string());
    seen.info = DeviceInfo::read(&document).ok();
    seen.clock = DeviceClock::read(&document).ok();
    if let Ok(page) = SearchPage::read(document) {
        let records = page.persons.iter().filter_map(|one| read_record(one, zone).ok());
        seen.persons = records
            .map(|record| with_replaced_bytes(record, page.replaced))
            .map(|record| {
                let is_sent = record.person.flaw.is_none();
                let body = is_sent.then(|| {
                    modify_body(&modify_fields(&record, window, &[], &Default::default()))
                });
                (record, body)
            })
            .collect();
    }
    seen
}

/// The `Authorization` that would answer these `WWW-Authenticate` headers, or what they offer instead.
///
/// # Errors
/// What a message would name.
pub fn authorization(headers: &[&[u8]], username: &str, password: &str) -> Result<String, String> {
    let challenge = challenge::choose(headers.iter().copied())?;
    let mut context = AuthContext::new(username, password, "/ISAPI/System/deviceInfo");
    context.set_custom_cnonce("0000");
    let answer = challenge.prompt(0).respond(&context).map_err(|error| error.to_string())?;
    Ok(answer.to_header_string())
}
