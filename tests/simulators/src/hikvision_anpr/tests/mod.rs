//! The camera, seen from the network.

mod answers;
mod delete;
mod invariants;
mod record;
mod refusals;
mod search;
mod system;
mod vcl;
mod windows;

use serde_json::{Value, json};

use super::{Camera, Row, Settings, Switches};
use crate::testing::{Answer, Digest, XML};

const RECORD: &str = "/ISAPI/Traffic/channels/1/licensePlateAuditData/record?format=json";
const SEARCH: &str = "/ISAPI/Traffic/channels/1/searchLPListAudit";
const DELETE: &str = "/ISAPI/Traffic/channels/1/DelLicensePlateAuditData?format=json";

/// A camera with these rows, and a client with the right password.
fn camera(rows: Vec<Row>) -> (Camera, Digest) {
    let camera = Camera::start(Settings { rows, ..Settings::default() });
    let client = Digest::new(camera.port());
    (camera, client)
}

/// A camera with one own row, its switches turned.
fn turned(turn: impl FnOnce(&mut Switches)) -> (Camera, Digest) {
    let camera = Camera::start(Settings::default());
    camera.set(turn);
    camera.add_row(Row::new("AB123CD").own());
    let client = Digest::new(camera.port());
    (camera, client)
}

/// A row as a good client sends it: begin and end are whole days.
fn good(plate: &str) -> Value {
    json!({
        "LicensePlate": plate, "listType": "allowList", "createTime": "2026-01-01T00:00:00",
        "effectiveStartDate": "2026-01-01", "effectiveTime": "2026-12-31", "id": "",
    })
}

/// The same with some keys set.
fn with(plate: &str, keys: Value) -> Value {
    let mut row = good(plate);
    for (key, value) in keys.as_object().unwrap() {
        row[key] = value.clone();
    }
    row
}

/// Writes rows.
fn write(client: &Digest, rows: &[Value]) -> Answer {
    client.call("PUT", RECORD, &json!({"LicensePlateInfoList": rows}).to_string()).unwrap()
}

/// The body of a search.
fn asks(position: usize, size: usize, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><LPListAuditSearchDescription>\
         <searchID>s1</searchID><maxResults>{size}</maxResults>\
         <searchResultPosition>{position}</searchResultPosition>{more}\
         </LPListAuditSearchDescription>"
    )
}

/// Searches with this body.
fn search(client: &Digest, body: &str) -> Answer {
    client.call_as(XML, "POST", SEARCH, body).unwrap()
}

/// Reads the whole list, which is shorter than a page.
fn all(client: &Digest) -> String {
    search(client, &asks(0, 100, "")).text()
}

/// Deletes with this body.
fn delete(client: &Digest, body: &Value) -> Answer {
    client.call("PUT", DELETE, &body.to_string()).unwrap()
}

/// What a refusal says: its HTTP status, class and name.
fn refusal(answer: &Answer) -> (u16, i64, String) {
    let body = answer.json();
    let name = body["subStatusCode"].as_str().unwrap_or_default().to_owned();
    (answer.status, body["statusCode"].as_i64().unwrap_or_default(), name)
}

/// The slugs of all violations.
fn slugs(camera: &Camera) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    camera.violations().into_iter().map(slug).collect()
}

/// The plates on the camera.
fn plates(camera: &Camera) -> Vec<String> {
    camera.rows().into_iter().map(|row| row.plate).collect()
}
