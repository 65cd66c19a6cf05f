//! What no client may do: the invariants, checked on every request that the device gets.
//!
//! Each violation is a line `slug: what happened`. The slugs, beyond those of every device:
//! `malformed`, `password-key`, `remote-control`, `setup-used`, `record-used`, `delete-used`,
//! `empty-delete`, `enable-false`, `begin-after-end`, `year-after-2037`, `time-type`,
//! `unclear-person`, `read-only-field`, `control-field`, `no-read-back`,
//! `unknown-path`, `wrong-method`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use serde_json::Value;

use super::person::{is_read_only, parse_time};
use super::switches::Switches;
use crate::http::Request;
use crate::isapi::manners::Manners;

/// How many writes may wait for one read-back: as many as an exact search names (section 2.1).
const SEARCH_LIMIT: usize = 30;

/// The list of violations, and the memory needed to see them.
#[derive(Default)]
pub(super) struct Audit {
    pub(super) manners: Manners,
    unread: BTreeSet<String>,
    /// PINs that were shown and that the last Modify of a person lost: each may be put back once.
    lost_pins: BTreeMap<String, String>,
}

impl Audit {
    /// Notes a violation.
    pub(super) fn note(&mut self, slug: &str, what: &str) {
        self.manners.note(slug, what);
    }

    /// Everything noted, and a write that nobody has read back so far.
    pub(super) fn violations(&self) -> Vec<String> {
        let unread = self.unread.iter().map(|no| no_read_back(no));
        self.manners.violations().iter().cloned().chain(unread).collect()
    }

    /// Begins a new run: one wrong response is allowed again. A write not yet read back stays so.
    pub(super) fn begin_run(&mut self) {
        self.manners.begin_run();
    }

    /// Forgets everything noted so far, and the write not yet read back.
    pub(super) fn clear(&mut self) {
        let mut manners = std::mem::take(&mut self.manners);
        manners.clear();
        *self = Self { manners, ..Self::default() };
    }

    /// Looks at a request before it is judged.
    pub(super) fn arrived(&mut self, switches: &Switches, request: &Request) {
        let what = format!("{} {}", request.method, request.target);
        self.manners.came(request);
        if has_key(&request.body, "password") && !self.puts_a_pin_back(&request.body) {
            self.note("password-key", &what);
        }
        if request.path().contains("/RemoteControl") {
            self.note("remote-control", &what);
        }
        match request.path().rsplit('/').next() {
            Some("SetUp") => self.note("setup-used", &what),
            Some("Record") => self.note("record-used", &what),
            Some("Delete") => self.note("delete-used", &what),
            _ => {}
        }
        self.manners.logs_in(&switches.common(), request);
    }

    /// A Modify was accepted; this PIN is gone by it, if one is.
    pub(super) fn pin_lost(&mut self, employee_no: &str, pin: Option<String>) {
        match pin {
            Some(pin) => drop(self.lost_pins.insert(employee_no.to_owned(), pin)),
            None => drop(self.lost_pins.remove(employee_no)),
        }
    }

    /// Whether a body holds nothing else of that kind than the very PIN that the person has just lost.
    fn puts_a_pin_back(&self, body: &[u8]) -> bool {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(info) = body["UserInfo"].as_object() else { return false };
        let number = info.get("employeeNo").and_then(Value::as_str).unwrap_or_default();
        let pin = info.get("password").and_then(Value::as_str);
        pin.is_some() && self.lost_pins.get(number).map(String::as_str) == pin
    }

    /// Looks at the person in a Modify, SetUp or Record body.
    pub(super) fn person_written(&mut self, info: &Value) {
        let who = info["employeeNo"].as_str().unwrap_or("?").to_owned();
        for key in info.as_object().into_iter().flat_map(|map| map.keys()) {
            if is_read_only(key) {
                self.note("read-only-field", &format!("{key} of {who}"));
            }
            if ["checkUser", "addUser", "deleteUser", "dynamicCode"].contains(&key.as_str()) {
                self.note("control-field", &format!("{key} of {who}"));
            }
        }
        let Some(valid) = info.get("Valid") else {
            return;
        };
        if valid["enable"] == Value::Bool(false) {
            self.note("enable-false", &who);
        }
        if valid["timeType"] != "local" {
            self.note("time-type", &format!("{} of {who}", valid["timeType"]));
        }
        let time = |key: &str| valid[key].as_str().and_then(parse_time);
        if let (Some(begin), Some(end)) = (time("beginTime"), time("endTime")) {
            if begin > end {
                self.note("begin-after-end", &format!("{begin} > {end} of {who}"));
            }
            if end.year() > 2037 {
                self.note("year-after-2037", &format!("{end} of {who}"));
            }
        }
    }

    /// A Modify begins: an earlier one of the same person must have been read back, and no more may
    /// be waiting than one exact search can name.
    pub(super) fn modify_begins(&mut self, employee_no: &str) {
        if self.unread.remove(employee_no) {
            self.manners.extend([no_read_back(employee_no)]);
        }
        if self.unread.len() >= SEARCH_LIMIT {
            let unread = std::mem::take(&mut self.unread);
            self.manners.extend(unread.iter().map(|no| no_read_back(no)));
        }
    }

    /// A Modify was accepted, answered or not: it must be read back.
    pub(super) fn modified(&mut self, employee_no: &str) {
        self.unread.insert(employee_no.to_owned());
    }

    /// The client looked at these persons.
    pub(super) fn read_back(&mut self, employee_nos: &[String]) {
        for employee_no in employee_nos {
            self.unread.remove(employee_no);
        }
    }
}

fn no_read_back(employee_no: &str) -> String {
    format!(
        "no-read-back: Modify of {employee_no} was not followed by a search that shows that person"
    )
}

/// Whether a body, JSON or XML, holds this key anywhere, in any letter case.
fn has_key(body: &[u8], key: &str) -> bool {
    fn in_json(value: &Value, key: &str) -> bool {
        match value {
            Value::Object(map) => {
                map.iter().any(|(k, v)| k.eq_ignore_ascii_case(key) || in_json(v, key))
            }
            Value::Array(items) => items.iter().any(|item| in_json(item, key)),
            _ => false,
        }
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => in_json(&value, key),
        Err(_) => String::from_utf8_lossy(body).to_ascii_lowercase().contains(&format!("<{key}")),
    }
}
