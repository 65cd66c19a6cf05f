//! Writes the rows and pages of the seed wire, by hand: some of it is no JSON.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::citation::Citation;
use super::row::{Permit, Session};
use super::switches::{Json, Plates, Switches};
use super::times::{Instants, zulu};

/// Texts of personal data that stand in every row, and that a client must not keep, nor write into its
/// log.
pub const PERSONAL_MARKS: [&str; 5] = [
    "Marija Skrivnostna",
    "+1-203-555-0142",
    "marija@skrivnost.example",
    "officer_4711",
    "handheld_0815",
];

/// Latin letters with Cyrillic ones that look alike.
const LOOK_ALIKES: [(char, char); 11] = [
    ('A', 'А'),
    ('B', 'В'),
    ('C', 'С'),
    ('E', 'Е'),
    ('H', 'Н'),
    ('K', 'К'),
    ('M', 'М'),
    ('O', 'О'),
    ('P', 'Р'),
    ('T', 'Т'),
    ('X', 'Х'),
];

/// A text as JSON.
pub(super) fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// An id as JSON.
pub(super) fn id(switches: &Switches, id: &str) -> String {
    let digits = id.len() - id.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let number = id.get(id.len() - digits..).and_then(|digits| digits.parse::<u64>().ok());
    match number {
        Some(number) if switches.ids_as_numbers && hits(switches, id) => number.to_string(),
        _ => text(id),
    }
}

/// A plate in the form of the switch.
pub(super) fn plate(switches: &Switches, id: &str, plate: &str) -> String {
    match switches.plates {
        Plates::LowerWithSeparators if hits(switches, id) => {
            let letters: Vec<char> = plate.to_lowercase().chars().collect();
            let (left, right) = letters.split_at(letters.len() / 2);
            left.iter().chain(&['-']).chain(right).collect()
        }
        Plates::Cyrillic if hits(switches, id) => {
            let alike = |letter| LOOK_ALIKES.iter().find(|(latin, _)| *latin == letter);
            plate.chars().map(|letter| alike(letter).map_or(letter, |(_, other)| *other)).collect()
        }
        _ => plate.to_owned(),
    }
}

/// Whether the switches for rows are about this one.
fn hits(switches: &Switches, id: &str) -> bool {
    switches.only_rows.is_empty() || switches.only_rows.iter().any(|one| one == id)
}

/// Members of an object, in order, each with its value as JSON.
struct Object<'a> {
    switches: &'a Switches,
    is_hit: bool,
    text: String,
}

impl<'a> Object<'a> {
    fn of(switches: &'a Switches, id_key: &str, row: &str) -> Self {
        let is_hit = hits(switches, row);
        let mut object = Self { switches, is_hit, text: String::new() };
        object.raw(id_key, &id(switches, row));
        object
    }

    fn raw(&mut self, key: &str, json: &str) {
        let comma = if self.text.is_empty() { "{" } else { "," };
        self.text.push_str(&format!("{comma}\"{key}\":{json}"));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &text(value));
    }

    fn zone(&self, zone: &str) -> String {
        let number = zone.parse::<u64>().ok().filter(|number| number.to_string() == zone);
        match number {
            Some(number) if self.switches.zones_as_numbers && self.is_hit => number.to_string(),
            _ => text(zone),
        }
    }

    fn form(&self) -> Instants {
        if self.is_hit { self.switches.instants } else { Instants::default() }
    }

    fn instant(&mut self, key: &str, at: DateTime<Utc>) {
        self.raw(key, &self.form().json(at));
    }

    fn window(&mut self, keys: [&str; 2], from: DateTime<Utc>, until: Option<DateTime<Utc>>) {
        self.instant(keys[0], from);
        let is_wrong = self.switches.end_before_start && self.is_hit;
        match if is_wrong { Some(from - TimeDelta::hours(1)) } else { until } {
            Some(until) => self.instant(keys[1], until),
            None => self.raw(keys[1], "null"),
        }
    }

    fn end(mut self, status: &str, updated_at: DateTime<Utc>, officer: &str) -> String {
        let word = self.switches.status_word.as_deref().filter(|_| self.is_hit);
        if !(self.switches.no_status && self.is_hit) {
            self.text("status", word.unwrap_or(status));
        }
        self.instant("updatedAt", updated_at);
        if self.switches.personal_data {
            let [name, phone, email, _, device] = PERSONAL_MARKS;
            self.text("ownerName", name);
            self.raw(
                "contact",
                &format!("{{\"telephone\":{},\"email\":{}}}", text(phone), text(email)),
            );
            self.text("officerId", officer);
            self.text("deviceId", device);
        }
        match self.switches.json {
            Json::DuplicateKeys if self.is_hit => self.text("status", "CANCELLED"),
            Json::EscapedDuplicateKeys if self.is_hit => self.text("st\\u0061tus", "CANCELLED"),
            _ => {}
        }
        self.text + "}"
    }
}

/// A session as JSON.
pub(super) fn session(switches: &Switches, session: &Session) -> String {
    let mut object = Object::of(switches, "id", &session.id);
    object.text("licensePlate", &plate(switches, &session.id, &session.plate));
    object.text("state", &session.state);
    let zone = object.zone(&session.zone);
    object.raw("zoneNumber", &zone);
    object.window(["startTime", "endTime"], session.from, session.until);
    object.end(&session.status, session.updated_at, PERSONAL_MARKS[3])
}

/// A permit as JSON.
pub(super) fn permit(switches: &Switches, permit: &Permit) -> String {
    let mut object = Object::of(switches, "id", &permit.id);
    object.text("type", &permit.kind);
    object.text("number", &permit.number);
    object.text("licensePlate", &plate(switches, &permit.id, &permit.plate));
    object.text("state", &permit.state);
    object.window(["validFrom", "validUntil"], permit.from, permit.until);
    let is_left_out = switches.permits_without_zones && object.is_hit;
    if !permit.zones.is_empty() && !is_left_out {
        let zones: Vec<String> = permit.zones.iter().map(|zone| object.zone(zone)).collect();
        object.raw("zones", &format!("[{}]", zones.join(",")));
    }
    object.end(&permit.status, permit.updated_at, PERSONAL_MARKS[3])
}

/// A citation as a listing tells of it, as JSON.
pub(super) fn citation(switches: &Switches, citation: &Citation) -> String {
    sighting(switches, citation).end(&citation.status, citation.updated_at, &citation.officer)
}

/// A citation as an officer's device reports it, as JSON.
pub(super) fn report(citation: &Citation) -> String {
    let switches = Switches::default();
    let mut object = sighting(&switches, citation);
    object.text("officerId", &citation.officer);
    object.text + "}"
}

/// What listing and report of a citation have in common.
fn sighting<'a>(switches: &'a Switches, citation: &Citation) -> Object<'a> {
    let mut object = Object::of(switches, "violationId", &citation.id);
    object.instant("timestamp", citation.at);
    object.text("licensePlate", &plate(switches, &citation.id, &citation.plate));
    object.text("state", &citation.state);
    let (zone, address) = (object.zone(&citation.zone), text(&citation.address));
    object.raw("location", &format!("{{\"zoneNumber\":{zone},\"address\":{address}}}"));
    object.text("violationType", &citation.kind);
    object.text("description", &citation.description);
    let fine = format!("{}.{:02}", citation.fine_cents / 100, citation.fine_cents % 100);
    match switches.fines_as_text && object.is_hit {
        true => object.text("fineAmount", &fine),
        false => object.raw("fineAmount", &fine),
    }
    let photo = |url: &String| {
        let (url, at) = (text(url), object.form().json(citation.at));
        format!("{{\"type\":\"PHOTO\",\"url\":{url},\"timestamp\":{at}}}")
    };
    let evidence = citation.evidence.iter().map(photo).collect::<Vec<String>>().join(",");
    object.raw("evidence", &format!("[{evidence}]"));
    object
}

/// Tombstones as JSON, where they are objects with the id under this key.
pub(super) fn deleted(
    switches: &Switches,
    id_key: &str,
    gone: &[(String, DateTime<Utc>)],
) -> String {
    let one = |(id, at): &(String, DateTime<Utc>)| match switches.deleted_as_objects {
        true => {
            format!("{{\"{id_key}\":{},\"deletedAt\":\"{}\"}}", self::id(switches, id), zulu(*at))
        }
        false => self::id(switches, id),
    };
    format!("[{}]", gone.iter().map(one).collect::<Vec<String>>().join(","))
}

/// A page made of these members, with what is wrong with it.
pub(super) fn page(switches: &Switches, members: &[(&str, String)]) -> Vec<u8> {
    let members = members.iter().map(|(key, json)| format!("\"{key}\":{json}"));
    let inside = members.collect::<Vec<String>>().join(",");
    let blanks = " ".repeat(switches.padding);
    let more: &[u8] = match switches.json {
        Json::TrailingComma => b",",
        Json::NaN => b",\"load\":NaN",
        Json::HalfSurrogate => b",\"note\":\"\\ud800\"",
        Json::NotUtf8 => b",\"note\":\"\xff\"",
        _ => b"",
    };
    let comment = if switches.json == Json::Comment { "/* from cache */" } else { "" };
    let mut body = format!("{{{blanks}{comment}{inside}").into_bytes();
    body.extend_from_slice(more);
    if switches.json == Json::Deep {
        body.extend(format!(",\"trace\":{}{}", "[".repeat(100), "]".repeat(100)).into_bytes());
    }
    body.push(b'}');
    if switches.json == Json::TwoDocuments { body.repeat(2) } else { body }
}
