//! Writes the answers: members and organisations as XML, in every form of the switches.

use std::fmt::Write;

use chrono::{NaiveDate, NaiveTime};

use super::member::{Member, Organisation};
use super::settings::{DateForm, EmptyListing, Encoding, OrganisationInfo, Switches};
use crate::xml::push_escaped;
use crate::zone::Zone;

/// Text found in every member's birth number, address or extra fields when
/// [`Switches::personal_data`] is on. No program that syncs dates may store or log any of it.
pub const PERSONAL_MARKS: [&str; 4] = ["PNR-", "Zasebna ulica", "Skrivnograd", "Opomba-"];

/// About how many bytes one member takes.
const MEMBER_SIZE: usize = 700;

/// Collects one document.
struct Writer<'a> {
    text: String,
    switches: &'a Switches,
    /// How far attributes are turned round; 0 keeps their order.
    turn: usize,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize) {
        self.text.push_str(if self.switches.crlf { "\r\n" } else { "\n" });
        for _ in 0..depth {
            self.text.push_str("  ");
        }
    }

    /// Writes `<name a="b"` without its end.
    fn begin(&mut self, depth: usize, name: &str, attributes: &[(&str, &str)]) {
        self.line(depth);
        self.text.push('<');
        self.text.push_str(name);
        let count = attributes.len().max(1);
        let (late, early) = attributes.split_at(self.turn % count);
        for (key, value) in early.iter().chain(late) {
            self.text.push(' ');
            self.text.push_str(key);
            self.text.push_str("=\"");
            push_escaped(&mut self.text, value);
            self.text.push('"');
        }
    }

    fn open(&mut self, depth: usize, name: &str, attributes: &[(&str, &str)]) {
        self.begin(depth, name, attributes);
        self.text.push('>');
    }

    fn leaf(&mut self, depth: usize, name: &str, attributes: &[(&str, &str)]) {
        self.begin(depth, name, attributes);
        self.text.push_str("/>");
    }

    fn close(&mut self, depth: usize, name: &str) {
        self.line(depth);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }
}

/// The answer to `Member/Export`.
pub(super) fn members(switches: &Switches, members: &[&Member]) -> Vec<u8> {
    let mut writer = root(switches, members.len() * MEMBER_SIZE);
    if !members.is_empty() {
        writer.open(1, "Members", &[]);
        for (index, found) in members.iter().enumerate() {
            writer.turn = if switches.shuffled { index + 1 } else { 0 };
            member(&mut writer, found);
        }
        writer.turn = 0;
        writer.close(1, "Members");
    } else if switches.empty == EmptyListing::EmptyElement {
        writer.leaf(1, "Members", &[]);
    }
    finish(writer)
}

/// The answer to `Organisation/Info`.
pub(super) fn organisations(switches: &Switches, all: &[OrganisationInfo]) -> Vec<u8> {
    let mut writer = root(switches, 4096);
    writer.open(1, "Organisations", &[]);
    for info in all {
        let id = info.id.to_string();
        writer.open(2, "Organisation", &[("Id", &id), ("Name", &info.name)]);
        writer.open(3, "Roles", &[]);
        for role in &info.roles {
            let id = role.id.to_string();
            let mut attributes = vec![("Id", id.as_str()), ("Name", &role.name)];
            attributes.extend(role.description.as_deref().map(|text| ("Description", text)));
            writer.leaf(4, "Role", &attributes);
        }
        writer.close(3, "Roles");
        writer.open(3, "InformationTypes", &[]);
        let kind = [("Id", "1"), ("Name", "News"), ("OrganisationId", id.as_str())];
        writer.leaf(4, "InformationType", &kind);
        writer.close(3, "InformationTypes");
        writer.close(2, "Organisation");
    }
    writer.close(1, "Organisations");
    finish(writer)
}

fn root(switches: &Switches, size: usize) -> Writer<'_> {
    let encoding = if switches.encoding == Encoding::Utf16 { "utf-16" } else { "utf-8" };
    let mut text = String::with_capacity(size + 1024);
    if switches.encoding != Encoding::Utf8 {
        text.push('\u{feff}');
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "<?xml version=\"1.0\" encoding=\"{encoding}\"?>");
    let mut writer = Writer { text, switches, turn: 0 };
    let declarations = [
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
    ];
    let attributes = if switches.declarations { &declarations[..] } else { &[] };
    writer.open(0, "Cardskipper", attributes);
    if switches.unknown_parts {
        writer.leaf(1, "Meta", &[("Version", "2.7"), ("Id", "9")]);
    }
    writer
}

fn finish(mut writer: Writer<'_>) -> Vec<u8> {
    writer.close(0, "Cardskipper");
    match writer.switches.encoding {
        Encoding::Utf8 | Encoding::Utf8Bom => writer.text.into_bytes(),
        Encoding::Utf16 => writer.text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    }
}

fn member(writer: &mut Writer<'_>, member: &Member) {
    let Switches { personal_data, unknown_parts, dates, .. } = *writer.switches;
    let number = member.number.to_string();
    let birth_date = date(dates, &member.birth_date);
    let birth_number = format!("PNR-{}-{number}", member.birth_date);
    let mut attributes = vec![
        ("OrganisationMemberId", number.as_str()),
        ("Firstname", &member.first),
        ("Lastname", &member.last),
        ("Birthdate", &birth_date),
    ];
    if let Some(inactive) = member.inactive {
        attributes.push(("Inactive", if inactive { "true" } else { "false" }));
    }
    if personal_data {
        attributes.push(("Birthnumber", &birth_number));
    }
    if unknown_parts {
        attributes.extend([("MemberId", number.as_str()), ("CardCode", "00&12\"34")]);
    }
    writer.open(2, "Member", &attributes);
    personal(writer, personal_data, &number);
    let mut contact: Vec<(&str, &str)> = Vec::new();
    if !member.email.is_empty() {
        contact.push(("EMail", &member.email));
    }
    for (key, phone) in ["CellPhone1", "CellPhone2"].into_iter().zip(&member.phones) {
        contact.push((key, phone));
    }
    writer.leaf(3, "ContactInfo", &contact);
    if unknown_parts {
        writer.open(3, "Devices", &[]);
        writer.leaf(4, "Role", &[("Id", "3126"), ("EndDate", "2099-12-31")]);
        writer.close(3, "Devices");
    }
    writer.open(3, "Organisations", &[]);
    for organisation in &member.organisations {
        membership(writer, organisation, dates);
    }
    writer.close(3, "Organisations");
    writer.close(2, "Member");
}

fn personal(writer: &mut Writer<'_>, filled: bool, number: &str) {
    let (street, remark) = match filled {
        true => (format!("Zasebna ulica {number}"), format!("Opomba-{number}")),
        false => (String::new(), " ".to_owned()),
    };
    let city = if filled { "Skrivnograd" } else { "" };
    writer.leaf(3, "Extra", &[("Extra1", &remark), ("Extra2", ""), ("Extra3", " ")]);
    writer.leaf(3, "Address", &[("Line1", &street), ("Line2", ""), ("Zip", ""), ("City", city)]);
}

fn membership(writer: &mut Writer<'_>, organisation: &Organisation, dates: DateForm) {
    let id = organisation.id.to_string();
    writer.open(4, "Organisation", &[("Id", &id), ("ClearTags", "false")]);
    writer.open(5, "Roles", &[]);
    for role in &organisation.roles {
        let (id, start, end) =
            (role.id.to_string(), date(dates, &role.start), date(dates, &role.end));
        writer.leaf(6, "Role", &[("Id", &id), ("StartDate", &start), ("EndDate", &end)]);
    }
    writer.close(5, "Roles");
    if !organisation.tags.is_empty() {
        writer.open(5, "Tags", &[]);
        for tag in &organisation.tags {
            writer.leaf(6, "Tag", &[("Label", tag)]);
        }
        writer.close(5, "Tags");
    }
    writer.close(4, "Organisation");
}

/// A plain day in the form of the switch; any other text as it is.
fn date(form: DateForm, raw: &str) -> String {
    let day = NaiveDate::parse_from_str(raw, "%Y-%m-%d").ok().filter(|_| raw.len() == 10);
    let Some(day) = day else {
        return raw.to_owned();
    };
    match form {
        DateForm::Day => raw.to_owned(),
        DateForm::Midnight => format!("{raw}T00:00:00"),
        DateForm::Fraction => format!("{raw}T00:00:00.0000000"),
        DateForm::Zulu => format!("{raw}T00:00:00Z"),
        DateForm::Offset => {
            let zone = Zone::central_europe();
            let offset = zone.offset_text(zone.utc(day.and_time(NaiveTime::MIN)));
            format!("{raw}T00:00:00{offset}")
        }
    }
}
