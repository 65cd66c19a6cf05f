//! The device, seen from the network.

mod invariants;
mod login;
mod search;
mod system;
mod write;

use serde_json::{Value, json};

use super::{Device, Person, Settings, Switches};
use crate::testing::Digest;

/// A device with these persons, and a client with the right password.
fn device(persons: Vec<Person>) -> (Device, Digest) {
    let device = Device::start(Settings { persons, ..Settings::default() });
    let client = Digest::new(device.port());
    (device, client)
}

/// A device without persons, its switches turned.
fn turned(turn: impl FnOnce(&mut Switches)) -> (Device, Digest) {
    let (device, client) = device(vec![Person::new("1007").name("Ana Example")]);
    device.set(turn);
    (device, client)
}

/// The body of an exact search.
fn exact(employee_no: &str) -> Value {
    json!({"UserInfoSearchCond": {
        "searchID": "s1", "searchResultPosition": 0, "maxResults": 30,
        "EmployeeNoList": [{"employeeNo": employee_no}],
    }})
}

/// The body of a Modify that sets the window only.
fn window(employee_no: &str, begin: &str, end: &str) -> Value {
    json!({"UserInfo": {"employeeNo": employee_no, "Valid": {
        "enable": true, "beginTime": begin, "endTime": end, "timeType": "local",
    }}})
}

/// A window that any device takes.
fn good_window() -> Value {
    window("1007", "2026-01-01T00:00:00", "2027-01-31T23:59:59")
}

/// The slugs of all violations.
fn slugs(device: &Device) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    device.violations().into_iter().map(slug).collect()
}
