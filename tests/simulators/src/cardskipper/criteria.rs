//! Reads the body of `Member/Export`, as strictly as a schema would.

use chrono::{NaiveDate, NaiveDateTime};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Type of a criterion's value.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Text,
    Flag,
    Day,
    Time,
}

/// The criteria in the order of the guide's table.
const TABLE: [(&str, Kind); 14] = [
    ("MemberId", Kind::Number),
    ("OrganisationId", Kind::Number),
    ("RoleId", Kind::Number),
    ("UserId", Kind::Number),
    ("OrganisationMemberId", Kind::Number),
    ("Birthdate", Kind::Day),
    ("Firstname", Kind::Text),
    ("Lastname", Kind::Text),
    ("Cellphone", Kind::Text),
    ("TagContains", Kind::Text),
    ("OrganisationUnit", Kind::Text),
    ("HasUserDevice", Kind::Flag),
    ("OnlyActive", Kind::Flag),
    ("ChangedAt", Kind::Time),
];

/// The namespace declarations that a .NET serialiser writes on the root.
const DECLARATIONS: [&str; 2] = ["xmlns:xsd", "xmlns:xsi"];

/// What is wrong with a request, as a slug and its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) slug: &'static str,
    pub(super) what: String,
}

fn problem(slug: &'static str, what: impl Into<String>) -> Problem {
    Problem { slug, what: what.into() }
}

/// A search as asked: criteria with their values, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Criteria {
    values: Vec<(&'static str, String)>,
}

impl Criteria {
    /// The value of a criterion.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// Everybody of an organisation.
    pub(super) fn of_organisation(id: i64) -> Self {
        Self { values: vec![("OrganisationId", id.to_string())] }
    }

    /// The same, as far as it changed since then, in the service's own time.
    pub(super) fn changed_since(&self, at: NaiveDateTime) -> Self {
        let mut values = self.values.clone();
        values.push(("ChangedAt", at.format("%Y-%m-%dT%H:%M:%S").to_string()));
        Self { values }
    }

    /// All of it but for one criterion.
    pub(super) fn without(&self, name: &str) -> Self {
        let others = self.values.iter().filter(|(key, _)| *key != name);
        Self { values: others.cloned().collect() }
    }

    /// A criterion as a number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    /// Whether this flag is given and true.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// `ChangedAt`, still without a zone.
    pub(super) fn changed_at(&self) -> Option<NaiveDateTime> {
        parse_time(self.get("ChangedAt")?)
    }

    /// Reads a request body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body).map_err(|_| problem("bad-xml", "no UTF-8"))?;
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let mut open: Vec<String> = Vec::new();
        let mut seen_root = false;
        let mut values = Vec::new();
        loop {
            let event = reader.read_event().map_err(|e| problem("bad-xml", e.to_string()))?;
            let (start, empty) = match event {
                Event::Start(start) => (start, false),
                Event::Empty(start) => (start, true),
                Event::End(_) => {
                    open.pop();
                    continue;
                }
                Event::Eof if open.is_empty() && seen_root => break,
                Event::Eof => return Err(problem("bad-xml", "ends too early")),
                Event::Decl(_) if !seen_root => continue,
                Event::Comment(_) => continue,
                Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => continue,
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    let place = open.last().map_or("outside the root", String::as_str);
                    return Err(problem("criteria-text", place));
                }
                _ => return Err(problem("bad-xml", "declaration in a wrong place, or DTD")),
            };
            let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
            let attributes = attributes(&start)?;
            match (open.len(), name.as_str()) {
                (0, "Cardskipper") if !seen_root => check_root(&attributes)?,
                (0, _) => return Err(problem("wrong-root", name)),
                (1, "SearchCriteriaMember") if attributes.is_empty() => {}
                (1, _) => return Err(problem("wrong-root", format!("child {name}"))),
                (2, _) => values.push(criterion(&name, &attributes)?),
                _ => return Err(problem("criteria-unknown", format!("{name} too deep"))),
            }
            seen_root = true;
            if !empty {
                open.push(name);
            }
        }
        let criteria = Self { values };
        criteria.check()?;
        Ok(criteria)
    }

    fn check(&self) -> Result<(), Problem> {
        let place = |name: &str| TABLE.iter().position(|(key, _)| *key == name);
        for pair in self.values.windows(2) {
            let [(before, _), (after, _)] = pair else { continue };
            if before == after {
                return Err(problem("criteria-twice", *after));
            }
            if place(before) > place(after) {
                return Err(problem("criteria-order", format!("{after} after {before}")));
            }
        }
        if self.get("OrganisationId").is_none() {
            return Err(problem("organisation-missing", "OrganisationId"));
        }
        Ok(())
    }
}

fn check_root(attributes: &[(String, String)]) -> Result<(), Problem> {
    match attributes.iter().find(|(key, _)| !DECLARATIONS.contains(&key.as_str())) {
        Some((key, _)) => Err(problem("wrong-root", format!("attribute {key}"))),
        None => Ok(()),
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, Problem> {
    let mut all = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| problem("bad-xml", e.to_string()))?;
        let value = attribute.unescape_value().map_err(|e| problem("bad-xml", e.to_string()))?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        all.push((key, value.into_owned()));
    }
    Ok(all)
}

fn criterion(
    name: &str,
    attributes: &[(String, String)],
) -> Result<(&'static str, String), Problem> {
    let Some((known, kind)) = TABLE.iter().find(|(key, _)| *key == name) else {
        return Err(problem("criteria-unknown", name));
    };
    let [(key, value)] = attributes else {
        return Err(problem("criteria-text", format!("{name} wants one attribute, value")));
    };
    if key != "value" {
        return Err(problem("criteria-text", format!("{name} has the attribute {key}")));
    }
    if value.trim().is_empty() {
        return Err(problem("criteria-empty", name));
    }
    let right = match kind {
        Kind::Number => value.parse::<i64>().is_ok(),
        Kind::Text => true,
        Kind::Flag => matches!(value.as_str(), "true" | "false"),
        Kind::Day => value.len() == 10 && NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
        Kind::Time => parse_time(value).is_some(),
    };
    if right {
        return Ok((known, value.clone()));
    }
    let slug = if name == "ChangedAt" { "changed-at-form" } else { "criteria-value" };
    Err(problem(slug, format!("{name} is \"{value}\"")))
}

/// Strictly `YYYY-MM-DDTHH:MM:SS`: no zone, no fraction.
fn parse_time(text: &str) -> Option<NaiveDateTime> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok()?;
    (text.len() == 19).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(criteria: &str) -> Result<Criteria, &'static str> {
        let body = format!(
            "<?xml version=\"1.0\"?><Cardskipper xmlns:xsd=\"a\"><SearchCriteriaMember>{criteria}\
             </SearchCriteriaMember></Cardskipper>"
        );
        Criteria::parse(body.as_bytes()).map_err(|problem| problem.slug)
    }

    #[test]
    fn a_good_request() {
        let criteria = parse(
            "<OrganisationId value=\"123\"/><Lastname value=\"&amp;\"></Lastname>\
             <ChangedAt value=\"2026-11-01T00:00:00\"/>",
        )
        .unwrap();
        assert_eq!(criteria.number("OrganisationId"), Some(123));
        assert_eq!(criteria.get("Lastname"), Some("&"));
        assert_eq!(criteria.changed_at().unwrap().to_string(), "2026-11-01 00:00:00");
    }

    #[test]
    fn every_wrong_request_has_its_slug() {
        let organisation = "<OrganisationId value=\"123\"/>";
        for (criteria, slug) in [
            ("<RoleId value=\"1\"/><OrganisationId value=\"1\"/>", "criteria-order"),
            ("<OrganisationId value=\"1\"/><OrganisationId value=\"1\"/>", "criteria-twice"),
            ("<OnlyActive value=\"true\"/>", "organisation-missing"),
            ("<OrganisationId>123</OrganisationId>", "criteria-text"),
            ("<OrganisationId value=\"1\">1</OrganisationId>", "criteria-text"),
            ("<OrganisationId Value=\"1\"/>", "criteria-text"),
            ("<OrganisationId value=\"\"/>", "criteria-empty"),
            ("<OrganisationId value=\"x\"/>", "criteria-value"),
            ("<OrganisationId value=\"1\"/><OnlyActive value=\"True\"/>", "criteria-value"),
            ("<OrganisationID value=\"1\"/>", "criteria-unknown"),
            ("<OrganisationId value=\"1\"><Inner/></OrganisationId>", "criteria-unknown"),
        ] {
            assert_eq!(parse(criteria), Err(slug), "{criteria}");
        }
        for time in ["2026-11-01", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00.000", "x"] {
            let criteria = format!("{organisation}<ChangedAt value=\"{time}\"/>");
            assert_eq!(parse(&criteria), Err("changed-at-form"), "{time}");
        }
    }

    #[test]
    fn every_wrong_document_has_its_slug() {
        for (body, slug) in [
            ("<SearchCriteriaMember/>", "wrong-root"),
            ("<Cardskipper a=\"1\"/>", "wrong-root"),
            ("<Cardskipper><Members/></Cardskipper>", "wrong-root"),
            ("<Cardskipper><SearchCriteriaMember/></Cardskipper>", "organisation-missing"),
            ("<Cardskipper><SearchCriteriaMember></Cardskipper>", "bad-xml"),
            ("<Cardskipper>", "bad-xml"),
            ("", "bad-xml"),
            ("<!DOCTYPE x><Cardskipper/>", "bad-xml"),
            ("<Cardskipper/><Cardskipper/>", "wrong-root"),
        ] {
            let found = Criteria::parse(body.as_bytes()).map_err(|problem| problem.slug);
            assert_eq!(found, Err(slug), "{body}");
        }
    }
}
