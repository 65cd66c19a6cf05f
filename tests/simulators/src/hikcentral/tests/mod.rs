//! The platform, seen from the network.

mod doors;
mod gateway;
mod lists;
mod refusals;
mod rules;
mod sign;
mod update;

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::sign::{Signed, content_md5, signature};
use super::*;
use crate::testing::{Answer, bytes, connect, read};

const PERSONS: &str = "resource/v1/person/personList";
const ADVANCED: &str = "resource/v1/person/advance/personList";
const BY_ID: &str = "resource/v1/person/personId/personInfo";
const BY_CODE: &str = "resource/v1/person/personCode/personInfo";
const UPDATE: &str = "resource/v1/person/single/update";
const ADD: &str = "resource/v1/person/single/add";
const DELETE: &str = "resource/v1/person/single/delete";
const LEVELS: &str = "acs/v1/privilege/group";
const MEMBERS: &str = "acs/v1/privilege/group/single/personList";
const REAPPLY: &str = "visitor/v1/auth/reapplication";
const RESULT: &str = "acs/v1/auth/applicationResult";
const VERSION: &str = "common/v1/version";

/// Makes each nonce another one.
static NONCE: AtomicUsize = AtomicUsize::new(1);

/// A client that signs as it should, and can be told not to.
struct Client {
    port: u16,
    key: &'static str,
    secret: &'static str,
    content_type: &'static str,
    method: &'static str,
    /// Further headers, of which those that begin with `x-` are signed.
    headers: Vec<(String, String)>,
}

impl Client {
    fn of(platform: &Platform) -> Self {
        Self {
            port: platform.port(),
            key: "12345678",
            secret: "testsecret0123456789",
            content_type: "application/json",
            method: "POST",
            headers: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The headers of a call, signed.
    fn sign(&self, target: &str, body: &str) -> Vec<(String, String)> {
        let nonce = format!("nonce-{}", NONCE.fetch_add(1, Ordering::SeqCst));
        let mut headers: Vec<(String, String)> = [
            ("Accept", "*/*"),
            ("Content-Type", self.content_type),
            ("Content-MD5", &content_md5(body.as_bytes())),
            ("X-Ca-Key", self.key),
            ("X-Ca-Nonce", &nonce),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        headers.retain(|(name, _)| !self.headers.iter().any(|(other, _)| other == name));
        headers.extend(self.headers.clone());
        let names = headers.iter().map(|(name, _)| name.to_ascii_lowercase());
        let listed: Vec<String> = names.filter(|name| name.starts_with("x-")).collect();
        headers.push(("X-Ca-Signature-Headers".into(), listed.join(",")));
        let (method, body) = (self.method, body.as_bytes());
        let signed = Signed { method, target, headers: &headers, form: &[], body };
        let signature = signature(self.secret, &signed.string_to_sign());
        headers.push(("X-Ca-Signature".into(), signature));
        headers
    }

    /// The bytes of a call, signed.
    fn bytes(&self, target: &str, body: &str) -> Vec<u8> {
        let headers = self.sign(target, body);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        bytes(self.method, target, &headers, body)
    }

    fn try_call(&self, api: &str, body: &str) -> Option<Answer> {
        read(connect(self.port, &self.bytes(&format!("/artemis/api/{api}"), body)))
    }

    fn answer(&self, api: &str, body: &Value) -> Answer {
        self.try_call(api, &body.to_string()).unwrap()
    }

    /// The whole JSON of an answer.
    fn call(&self, api: &str, body: &Value) -> Value {
        self.answer(api, body).json()
    }

    /// `data` of a success.
    fn data(&self, api: &str, body: &Value) -> Value {
        let answer = self.call(api, body);
        assert_eq!(answer["code"], "0", "{answer}");
        answer["data"].clone()
    }

    /// `code` and `msg`.
    fn code(&self, api: &str, body: &Value) -> (String, String) {
        let answer = self.call(api, body);
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (text("code"), text("msg"))
    }

    /// A person as the platform shows it.
    fn person(&self, id: &str) -> Value {
        self.data(BY_ID, &json!({"personId": id}))
    }

    /// `personId` of every row of a page.
    fn ids(&self, number: usize, size: usize) -> Vec<String> {
        let data = self.data(PERSONS, &json!({"pageNo": number, "pageSize": size}));
        let rows = data["list"].as_array().unwrap();
        rows.iter().map(|row| row["personId"].as_str().unwrap().to_owned()).collect()
    }

    /// What a careful client sends to set the window of a person that it has just read.
    fn careful(&self, id: &str, begin: &str, end: &str) -> Value {
        let read = self.person(id);
        let mut body = json!({"beginTime": begin, "endTime": end});
        for (key, value) in read.as_object().unwrap() {
            let is_sent = person::TEXTS.contains(&key.as_str())
                || ["personId", "gender", "cards"].contains(&key.as_str());
            if is_sent && (key != "cards" || value != &json!([])) {
                body[key] = value.clone();
            }
        }
        body
    }
}

/// Ana with everything, and Bor with nothing.
fn two() -> Vec<Person> {
    let ana = Person::new("Ana", "Novak")
        .id("12")
        .code("M150001")
        .org("5")
        .email("ana@club.example")
        .phone("+386 40 111 222")
        .remark("pays late")
        .card("100001")
        .card("100002")
        .fingerprint("right thumb")
        .custom_field("Locker", "7");
    vec![ana, Person::new("Bor", "Kos").id("13")]
}

/// A platform with Ana and Bor, its switches turned.
fn turned(turn: impl FnOnce(&mut Switches)) -> (Platform, Client) {
    let platform = Platform::start(Settings { persons: two(), ..Settings::default() });
    platform.set(turn);
    let client = Client::of(&platform);
    (platform, client)
}

/// So many persons, from `personId` 1 on.
fn many(count: usize) -> (Platform, Client) {
    let persons = (1..=count).map(|number| Person::new("P", &number.to_string())).collect();
    let platform = Platform::start(Settings { persons, ..Settings::default() });
    let client = Client::of(&platform);
    (platform, client)
}

/// The slugs of all violations.
fn slugs(platform: &Platform) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    platform.violations().into_iter().map(slug).collect()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A window that any platform takes.
const NEW: (&str, &str) = ("2026-01-01T00:00:00+01:00", "2027-01-31T23:59:59+01:00");

/// An update of Ana that sets [`NEW`], as a careful client sends it.
fn renewal(client: &Client) -> Value {
    client.careful("12", NEW.0, NEW.1)
}
