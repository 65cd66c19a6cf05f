//! Writes rows and pages by hand: some of it is no JSON.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::permit::{Item, Permit};
use super::row::Parking;
use super::settings::Settings;
use super::switches::{Body, Plates, Switches, Zones};
use super::times::stamp;

/// Texts of personal data that stand in `properties` of every item, and that a client must not keep, nor
/// write into its log.
pub const PERSONAL_MARKS: [&str; 3] = ["Marja Salainen", "+358-40-555-0142", "Salakuja 3 B 7"];

/// A row of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The id of an item, by which its pages are cut; 0 of a parking.
    pub(super) number: u64,
    pub(super) json: String,
    /// The same with an end half an hour later.
    pub(super) changed: String,
}

/// A text as JSON.
pub(super) fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// Members of an object, in order, each with its value as JSON.
struct Object<'a> {
    switches: &'a Switches,
    is_hit: bool,
    text: String,
}

impl<'a> Object<'a> {
    fn of(switches: &'a Switches, row: &str, id: &str) -> Self {
        let mut object = Self { switches, is_hit: switches.hits(row), text: String::new() };
        object.raw("id", id);
        object
    }

    fn raw(&mut self, key: &str, json: &str) {
        let comma = if self.text.is_empty() { "{" } else { "," };
        self.text.push_str(&format!("{comma}\"{key}\":{json}"));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &text(value));
    }

    fn reg_num(&mut self, reg_num: &str) {
        let plate = match self.switches.plates {
            Plates::LowerWithSeparators if self.is_hit => {
                let letters: Vec<char> = reg_num.to_lowercase().chars().collect();
                let (left, right) = letters.split_at(letters.len() / 2);
                left.iter().chain(&['-', ' ']).chain(right).collect()
            }
            Plates::Empty if self.is_hit => String::new(),
            _ => reg_num.to_owned(),
        };
        self.text("registration_number", &plate);
    }

    fn place(&mut self, key: &str, code: Option<&str>, zones: Zones) {
        let zones = if self.is_hit { zones } else { Zones::AsReal };
        let is_number_here = match zones {
            Zones::AsReal => key == "zone",
            Zones::Numbers => true,
            Zones::Texts | Zones::Null => false,
        };
        // As the real thing does it: zeros at the front are lost.
        let is_digits = |code: &&str| code.bytes().all(|byte| byte.is_ascii_digit());
        let number = code.filter(is_digits).and_then(|code| code.parse::<u64>().ok());
        match (code, number) {
            (Some(_), _) if zones == Zones::Null => self.raw(key, "null"),
            (Some(_), Some(number)) if is_number_here => self.raw(key, &number.to_string()),
            (Some(code), _) => self.text(key, code),
            (None, _) => self.raw(key, "null"),
        }
    }

    fn window(
        &mut self,
        keys: [&str; 2],
        from: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
        no_end: Option<&str>,
    ) {
        let form = if self.is_hit { self.switches.instants } else { Default::default() };
        self.raw(keys[0], &form.json(from));
        let is_wrong = self.switches.end_before_start && self.is_hit;
        let until = if is_wrong { Some(from - TimeDelta::hours(1)) } else { until };
        match (until, no_end) {
            (Some(until), _) => self.raw(keys[1], &form.json(until)),
            (None, Some(no_end)) => self.text(keys[1], no_end),
            (None, None) => self.raw(keys[1], "null"),
        }
    }

    fn end(mut self) -> String {
        match self.switches.body {
            Body::DuplicateKeys if self.is_hit => self.text("registration_number", "ZZZ-999"),
            Body::EscapedDuplicateKeys if self.is_hit => {
                self.raw("registration_numb\\u0065r", "\"ZZZ-999\"");
            }
            _ => {}
        }
        self.text + "}"
    }
}

/// A parking as a row.
pub(super) fn parking(settings: &Settings, switches: &Switches, parking: &Parking) -> Row {
    let with_end = |until: Option<DateTime<Utc>>| {
        let mut object = Object::of(switches, &parking.id, &text(&parking.id));
        object.text("created_at", &stamp(parking.created_at));
        object.text("modified_at", &stamp(parking.modified_at));
        object.reg_num(&parking.reg_num);
        let no_end = settings.no_end.as_deref();
        object.window(["time_start", "time_end"], parking.from, until, no_end);
        object.place("zone", parking.zone.as_deref(), switches.zones);
        object.text("operator", &settings.operator);
        object.text("operator_name", &settings.operator_name);
        if parking.is_disc {
            object.raw("is_disc_parking", "true");
        }
        object.end()
    };
    let later = parking.until.map(|until| until + TimeDelta::minutes(30));
    Row { number: 0, json: with_end(parking.until), changed: with_end(later) }
}

/// An item as a row.
pub(super) fn item(settings: &Settings, switches: &Switches, permit: &Permit, item: &Item) -> Row {
    let with_end = |until: DateTime<Utc>| {
        let id = item.id.to_string();
        let mut object = Object::of(switches, &id, &id);
        object.raw("permit_id", &item.permit.to_string());
        object.place("area", Some(&item.area), switches.zones);
        object.reg_num(&item.reg_num);
        object.window(["start_time", "end_time"], item.from, Some(until), None);
        if switches.operator_null && object.is_hit {
            object.raw("operator", "null");
            object.raw("operator_name", "null");
        } else {
            object.text("operator", &settings.operator);
            object.text("operator_name", &settings.operator_name);
        }
        object.raw("properties", &properties(switches, permit).to_string());
        object.end()
    };
    let later = item.until + TimeDelta::minutes(30);
    Row { number: item.id, json: with_end(item.until), changed: with_end(later) }
}

fn properties(switches: &Switches, permit: &Permit) -> Value {
    let mut properties = permit.properties.clone();
    if let Some(members) = properties.as_object_mut().filter(|_| switches.personal_data) {
        let [name, phone, address] = PERSONAL_MARKS;
        members
            .insert("holder".into(), json!({ "name": name, "phone": phone, "address": address }));
    }
    properties
}

/// A page made of these members, with what is wrong with it.
pub(super) fn page(switches: &Switches, members: &[(&str, String)]) -> Vec<u8> {
    let members = members.iter().map(|(key, json)| format!("\"{key}\":{json}"));
    let inside = members.collect::<Vec<String>>().join(",");
    let blanks = " ".repeat(switches.padding);
    let text = match switches.body {
        Body::TrailingComma => format!("{{{blanks}{inside},}}"),
        Body::TwoDocuments => format!("{{{blanks}{inside}}}{{}}"),
        _ => format!("{{{blanks}{inside}}}"),
    };
    let mut bytes = text.into_bytes();
    if switches.body == Body::NotUtf8 {
        let end = bytes.split_off(bytes.len() - 1);
        bytes.extend(b",\"note\":\"\xff\"");
        bytes.extend(end);
    }
    bytes
}
