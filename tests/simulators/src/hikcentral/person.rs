//! One person as the platform keeps it.

use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};

use super::switches::{CustomFields, Switches, TimeForm};
use super::times::{in_zone, instant, with_fraction, without_offset};
use crate::zone::Zone;

/// Scalars of a person that are texts, by their keys; times are not among them.
pub(super) const TEXTS: [&str; 7] = [
    "personCode",
    "personGivenName",
    "personFamilyName",
    "orgIndexCode",
    "phoneNo",
    "email",
    "remark",
];

/// A field that the operator of a platform added to persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    /// `id`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `customFieldType`: 0 text, 1 number, 2 date, 3 choice.
    pub kind: i64,
    /// `customFieldValue`.
    pub value: String,
}

/// A person. Times are raw text, so that a test can store anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// `personId`, the key; the platform gives one if this is empty.
    pub id: String,
    /// `personCode`, which operators see as ID.
    pub code: String,
    /// `personGivenName`.
    pub given_name: String,
    /// `personFamilyName`.
    pub family_name: String,
    /// `gender`: 0 unknown, 1 male, 2 female.
    pub gender: i64,
    /// `orgIndexCode`, the department.
    pub org: String,
    /// `phoneNo`.
    pub phone: String,
    /// `email`.
    pub email: String,
    /// `remark`.
    pub remark: String,
    /// `cardNo` of each card.
    pub cards: Vec<String>,
    /// `fingerPrintName` of each finger.
    pub fingerprints: Vec<String>,
    /// `customFieldList`.
    pub custom_fields: Vec<CustomField>,
    /// `beginTime`; `None` leaves the key out.
    pub begin: Option<String>,
    /// `endTime`; `None` leaves the key out.
    pub end: Option<String>,
    /// Access levels that the person belongs to.
    pub levels: Vec<String>,
    /// Further keys, returned as they are.
    pub extra: Map<String, Value>,
}

impl Person {
    /// A person of department 1 with access level 1, valid through 2026.
    pub fn new(given_name: &str, family_name: &str) -> Self {
        let person = Self {
            id: String::new(),
            code: String::new(),
            given_name: given_name.into(),
            family_name: family_name.into(),
            gender: 0,
            org: "1".into(),
            phone: String::new(),
            email: String::new(),
            remark: String::new(),
            cards: Vec::new(),
            fingerprints: Vec::new(),
            custom_fields: Vec::new(),
            begin: None,
            end: None,
            levels: vec!["1".into()],
            extra: Map::new(),
        };
        person.valid("2026-01-01", "2026-12-31")
    }

    /// Sets the `personId`.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the `personCode`.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        self.code = code.into();
        self
    }

    /// Sets the e-mail.
    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        self.email = email.into();
        self
    }

    /// Sets the phone number.
    #[must_use]
    pub fn phone(mut self, phone: &str) -> Self {
        self.phone = phone.into();
        self
    }

    /// Sets the remark.
    #[must_use]
    pub fn remark(mut self, remark: &str) -> Self {
        self.remark = remark.into();
        self
    }

    /// Sets the department.
    #[must_use]
    pub fn org(mut self, org: &str) -> Self {
        self.org = org.into();
        self
    }

    /// Adds a card.
    #[must_use]
    pub fn card(mut self, number: &str) -> Self {
        self.cards.push(number.into());
        self
    }

    /// Adds a fingerprint.
    #[must_use]
    pub fn fingerprint(mut self, name: &str) -> Self {
        self.fingerprints.push(name.into());
        self
    }

    /// Adds a custom field that is a text.
    #[must_use]
    pub fn custom_field(mut self, name: &str, value: &str) -> Self {
        let id = (self.custom_fields.len() + 1).to_string();
        let (name, value) = (name.into(), value.into());
        self.custom_fields.push(CustomField { id, name, kind: 0, value });
        self
    }

    /// Sets the access levels.
    #[must_use]
    pub fn levels(mut self, levels: &[&str]) -> Self {
        self.levels = levels.iter().map(|level| (*level).to_owned()).collect();
        self
    }

    /// Sets the window as it stands; a bare day means its first second as begin and its last as end,
    /// in Central Europe.
    #[must_use]
    pub fn valid(mut self, begin: &str, end: &str) -> Self {
        self.begin = Some(full(begin, "00:00:00"));
        self.end = Some(full(end, "23:59:59"));
        self
    }

    /// Takes the window away: answers lack both keys, and the doors always open.
    #[must_use]
    pub fn no_window(mut self) -> Self {
        (self.begin, self.end) = (None, None);
        self
    }

    /// `personName`, which the platform makes itself.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    /// The text under a key of [`TEXTS`].
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        Some(match key {
            "personCode" => &self.code,
            "personGivenName" => &self.given_name,
            "personFamilyName" => &self.family_name,
            "orgIndexCode" => &self.org,
            "phoneNo" => &self.phone,
            "email" => &self.email,
            "remark" => &self.remark,
            _ => return None,
        })
    }

    /// Sets what stands under a key of an update; a key that is none of those becomes one of
    /// [`Person::extra`].
    pub(super) fn set(&mut self, key: &str, value: &Value) {
        let text = || value.as_str().unwrap_or_default().to_owned();
        match key {
            "personCode" => self.code = text(),
            "personGivenName" => self.given_name = text(),
            "personFamilyName" => self.family_name = text(),
            "orgIndexCode" => self.org = text(),
            "phoneNo" => self.phone = text(),
            "email" => self.email = text(),
            "remark" => self.remark = text(),
            "gender" => self.gender = value.as_i64().unwrap_or_default(),
            "beginTime" => self.begin = Some(text()),
            "endTime" => self.end = Some(text()),
            "cards" => self.cards = card_numbers(value),
            _ => drop(self.extra.insert(key.to_owned(), value.clone())),
        }
    }

    /// The person as answers show it; `omits` are the keys that this answer leaves out.
    pub(super) fn to_json(&self, switches: &Switches, zone: Zone, omits: &[&str]) -> Value {
        let mut map = Map::new();
        for key in TEXTS {
            map.insert(key.into(), json!(self.text(key)));
        }
        map.insert("personId".into(), id_json(switches, &self.id));
        map.insert("personName".into(), json!(self.name()));
        map.insert("gender".into(), json!(self.gender));
        map.insert("personPhoto".into(), json!({"picUri": ""}));
        for (key, time) in [("beginTime", &self.begin), ("endTime", &self.end)] {
            if let Some(text) = time {
                map.insert(key.into(), json!(shown(switches, zone, text)));
            }
        }
        let lists = [
            ("cards", self.cards_json(switches)),
            ("fingerPrint", self.fingerprints_json(switches)),
            ("customFieldList", self.custom_fields_json(switches)),
        ];
        for (key, list) in lists {
            if switches.empty_lists_shown || list != json!([]) {
                map.insert(key.into(), list);
            }
        }
        map.extend(self.extra.clone());
        if switches.extra_fields {
            map.insert("skinSurface".into(), json!({"temperature": null, "mask": [1, "x"]}));
        }
        map.retain(|key, _| !omits.contains(&key.as_str()));
        Value::Object(map)
    }

    fn cards_json(&self, switches: &Switches) -> Value {
        let card = |number| if switches.plain_cards { number } else { json!({"cardNo": number}) };
        self.cards.iter().map(|number| card(json!(number))).collect()
    }

    fn fingerprints_json(&self, switches: &Switches) -> Value {
        let mut all: Vec<Value> = (1..)
            .zip(&self.fingerprints)
            .map(|(code, name)| {
                json!({
                    "fingerPrintIndexCode": code.to_string(), "fingerPrintName": name,
                    "fingerPrintData": "", "relatedCardNo": "",
                })
            })
            .collect();
        match &mut all[..] {
            [first, ..] if switches.fingerprint_object => first.take(),
            _ => Value::Array(all),
        }
    }

    fn custom_fields_json(&self, switches: &Switches) -> Value {
        let key = match switches.custom_fields {
            CustomFields::FiledName => "customFiledName",
            CustomFields::FieldName => "customFieldName",
            CustomFields::Null => return Value::Null,
        };
        let one = |field: &CustomField| {
            json!({
                "id": field.id, key: field.name, "customFieldType": field.kind,
                "customFieldValue": field.value,
            })
        };
        self.custom_fields.iter().map(one).collect()
    }
}

/// An id as answers show it.
pub(super) fn id_json(switches: &Switches, id: &str) -> Value {
    match id.parse::<u64>() {
        Ok(number) if switches.numeric_ids => json!(number),
        _ => json!(id),
    }
}

/// The numbers in `cards`, as far as it is what it should be.
pub(super) fn card_numbers(cards: &Value) -> Vec<String> {
    let cards = cards.as_array().into_iter().flatten();
    cards.filter_map(|card| card["cardNo"].as_str()).map(str::to_owned).collect()
}

/// A stored time as answers show it; what is no time stays as it is.
fn shown(switches: &Switches, zone: Zone, text: &str) -> String {
    let Some(at) = instant(text, zone) else { return text.to_owned() };
    match switches.time_form {
        TimeForm::AsWritten => text.to_owned(),
        TimeForm::PlatformZone => in_zone(at, zone),
        TimeForm::NoOffset => without_offset(at, zone),
        TimeForm::Fraction => with_fraction(at),
    }
}

fn full(text: &str, time: &str) -> String {
    let local = NaiveDateTime::parse_from_str(&format!("{text}T{time}"), "%Y-%m-%dT%H:%M:%S");
    let zone = Zone::central_europe();
    local.map_or_else(|_| text.to_owned(), |local| in_zone(zone.utc(local), zone))
}
