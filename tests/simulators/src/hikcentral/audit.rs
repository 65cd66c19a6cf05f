//! What no client may do: the invariants, checked on every request that the platform gets.
//!
//! Each violation is a line `slug: what happened`; the crate documentation lists the slugs.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::person::{Person, TEXTS, card_numbers};
use super::route::is_json;
use super::settings::{Rules, Settings};
use super::sign::content_md5;
use super::times;
use crate::http::{Framing, Request};

/// Keys that an update is documented to take.
const UPDATE_KEYS: [&str; 15] = [
    "personId",
    "personCode",
    "personGivenName",
    "personFamilyName",
    "orgIndexCode",
    "gender",
    "phoneNo",
    "email",
    "remark",
    "cards",
    "keyfobs",
    "beginTime",
    "endTime",
    "residentRoomNo",
    "residentFloorNo",
];
/// Keys of faces, fingers and eyes.
const BIOMETRICS: [&str; 6] =
    ["faces", "faceData", "fingerPrint", "iris", "palmPrintVein", "personPhoto"];

/// The list of violations, and the memory needed to see them.
#[derive(Default)]
pub(super) struct Audit {
    violations: Vec<String>,
    bad_signatures: usize,
    nonces: HashSet<String>,
    /// Persons that answers of this run showed.
    seen: HashSet<String>,
    /// Persons that were updated and not shown since.
    unread: BTreeSet<String>,
    not_before: Option<DateTime<Utc>>,
}

impl Audit {
    /// Notes a violation.
    pub(super) fn note(&mut self, slug: &str, what: &str) {
        self.violations.push(format!("{slug}: {what}"));
    }

    /// Everything noted, and the updates that nobody has read back so far.
    pub(super) fn violations(&self) -> Vec<String> {
        let unread = self.unread.iter().map(|id| no_read_back(id));
        self.violations.iter().cloned().chain(unread).collect()
    }

    /// Forgets everything noted so far, and the updates not yet read back.
    pub(super) fn clear(&mut self) {
        self.violations.clear();
        self.unread.clear();
    }

    /// Begins a new run of the client, which remembers nothing that it was told. An update not yet
    /// read back stays so.
    pub(super) fn begin_run(&mut self) {
        (self.bad_signatures, self.not_before) = (0, None);
        self.seen.clear();
    }

    /// Looks at a request before it is judged.
    pub(super) fn arrived(&mut self, settings: &Settings, request: &Request) {
        let what = format!("{} {}", request.method, request.target);
        if self.not_before.is_some_and(|time| request.at < time) {
            self.note("too-soon", &what);
        }
        if !matches!(request.framing, Framing::Length(_)) {
            self.note("no-content-length", &what);
        }
        if request.method != "POST" {
            self.note("wrong-method", &what);
        }
        if request.target.contains('?') {
            self.note("query", &what);
        }
        if !request.body.is_empty() && !is_json(request) {
            self.note("content-type", &what);
        }
        if request.header("Content-MD5").is_some_and(|md5| md5 != content_md5(&request.body)) {
            self.note("content-md5", &what);
        }
        let nonce = request.header("X-Ca-Nonce").unwrap_or_default();
        if !nonce.is_empty() && !self.nonces.insert(nonce.to_owned()) {
            self.note("nonce-again", &what);
        }
        if holds_secret(request, &settings.app_secret) {
            self.note("secret-sent", &what);
        }
        self.path(&settings.rules, request.path());
    }

    fn path(&mut self, rules: &Rules, path: &str) {
        let Some(api) = path.strip_prefix("/artemis/api/") else {
            return self.note("no-prefix", path);
        };
        match api {
            "resource/v1/person/single/add" => self.note("add-used", path),
            "resource/v1/person/single/delete" => self.note("delete-used", path),
            _ if !rules.paths.contains(&api) => self.note("path-not-allowed", path),
            _ => {}
        }
    }

    /// Whoever is told that a signature is bad must not go on.
    pub(super) fn bad_signature(&mut self, request: &Request) {
        self.bad_signatures += 1;
        if self.bad_signatures > 1 {
            self.note("bad-signature-again", &format!("{} {}", request.method, request.target));
        }
    }

    /// The client was told to come back at this time.
    pub(super) fn wait_until(&mut self, time: DateTime<Utc>) {
        self.not_before = Some(time);
    }

    /// An answer showed these persons, or that they are gone.
    pub(super) fn shown(&mut self, ids: &[String]) {
        for id in ids {
            self.unread.remove(id);
            self.seen.insert(id.clone());
        }
    }

    /// An update was accepted, answered or not: it must be read back.
    pub(super) fn updated(&mut self, id: &str) {
        self.unread.insert(id.to_owned());
    }

    /// Looks at an update before it is judged.
    pub(super) fn update(&mut self, stored: Option<&Person>, body: &Map<String, Value>) {
        let who = body.get("personId").and_then(Value::as_str).unwrap_or("?").to_owned();
        if self.unread.remove(&who) {
            self.violations.push(no_read_back(&who));
        }
        if !self.seen.contains(&who) {
            self.note("unread-write", &who);
        }
        for (key, value) in body {
            let what = format!("{key} of {who}");
            if BIOMETRICS.contains(&key.as_str()) {
                self.note("biometrics", &what);
            } else if !UPDATE_KEYS.contains(&key.as_str()) {
                self.note("unknown-field", &what);
            }
            if holds_empty_array(value) {
                self.note("empty-array", &what);
            }
        }
        self.window(&who, body);
        if let Some(stored) = stored {
            self.fields(stored, body);
        }
    }

    fn window(&mut self, who: &str, body: &Map<String, Value>) {
        let mut sent = Vec::new();
        for key in ["beginTime", "endTime"] {
            let Some(value) = body.get(key) else { continue };
            let time = times::written(value.as_str().unwrap_or_default());
            if let Err(why) = time {
                self.note("time-form", &format!("{key} {value} of {who} {why}"));
            }
            sent.push((key, time));
        }
        if sent.len() == 1 {
            self.note("half-window", who);
        }
        if let [(_, Ok((begin, _))), (_, Ok((end, _)))] = sent[..]
            && begin >= end
        {
            self.note("begin-after-end", &format!("{begin} >= {end} of {who}"));
        }
        let end = sent.iter().find(|(key, _)| *key == "endTime");
        if let Some((_, Ok((_, local)))) = end
            && *local > times::last_second()
        {
            self.note("after-2037", &format!("{local} of {who}"));
        }
    }

    /// Everything but the window must come back as it is.
    fn fields(&mut self, stored: &Person, body: &Map<String, Value>) {
        let who = &stored.id;
        let texts = TEXTS.map(|key| (key, Value::from(stored.text(key).unwrap_or_default())));
        let gender = ("gender", Value::from(stored.gender));
        for (key, value) in texts.into_iter().chain([gender]) {
            let is_blank = value == "" || value == 0;
            match body.get(key) {
                None if is_blank => {}
                None => self.note("drops-field", &format!("{key} of {who}")),
                Some(sent) if *sent == value => {}
                Some(sent) => self.note("changes-field", &format!("{key} of {who} to {sent}")),
            }
        }
        match body.get("cards") {
            None if stored.cards.is_empty() => {}
            None => self.note("drops-cards", who),
            Some(sent) if card_numbers(sent) == stored.cards => {}
            Some(sent) => self.note("changes-cards", &format!("{sent} of {who}")),
        }
    }
}

fn no_read_back(id: &str) -> String {
    format!("no-read-back: the update of {id} was not followed by an answer that shows that person")
}

fn holds_empty_array(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty() || items.iter().any(holds_empty_array),
        Value::Object(map) => map.values().any(holds_empty_array),
        _ => false,
    }
}

fn holds_secret(request: &Request, secret: &str) -> bool {
    request.target.contains(secret)
        || request.text().contains(secret)
        || request.headers.iter().any(|(_, value)| value.contains(secret))
}

/// Too many requests at once or within a second, as the recorded requests tell: also those that met
/// a fault.
pub(super) fn of_traffic(rules: &Rules, requests: &[Request]) -> Vec<String> {
    let mut found = Vec::new();
    for request in requests {
        let count = request.others_in_flight + 1;
        if count > rules.in_flight_max {
            found.push(format!("in-flight: {count} at once, {}", request.target));
        }
    }
    let mut times: Vec<DateTime<Utc>> = requests.iter().map(|request| request.at).collect();
    times.sort();
    let max = rules.per_second_max.unwrap_or(usize::MAX);
    for (first, over) in times.iter().zip(times.iter().skip(max)) {
        if *over - *first < TimeDelta::seconds(1) {
            found.push(format!("rate: more than {max} within a second before {over}"));
        }
    }
    found
}
