//! The XML wire: a request of an officer's device, and what it is answered.

use chrono::{DateTime, Utc};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::problem::{Problem, page, problem};
use super::render;
use super::row::Session;
use super::state::State;
use super::switches::{Nulls, Switches, XmlAnswer};
use crate::http::Response;

/// The namespace of a request.
const NAMESPACE: &str = "http://www2.ipsmetersystems.com/meter";

/// What a request may ask for.
const NAMES: [&str; 4] = ["SubAreaName", "SpaceGroup", "LicensePlateNumber", "MeterNumber"];

/// A request: names with their texts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question(Vec<(String, String)>);

impl Question {
    /// Reads a body.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Problem> {
        let bad = |why: String| problem("bad-xml", why);
        let text = std::str::from_utf8(body).map_err(|_| bad("not UTF-8".into()))?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<String> = Vec::new();
        let mut seen_root = false;
        let mut asked: Vec<(String, String)> = Vec::new();
        loop {
            let event = reader.read_event().map_err(|error| bad(error.to_string()))?;
            let (start, is_empty) = match event {
                Event::Start(start) => (start, false),
                Event::Empty(start) => (start, true),
                Event::End(_) => {
                    open.pop();
                    continue;
                }
                Event::Eof if open.is_empty() && seen_root => break,
                Event::Eof => return Err(bad("ends too early".into())),
                Event::Decl(_) if !seen_root => continue,
                Event::DocType(_) => return Err(problem("dtd", "a document type")),
                Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) && open.len() < 2 => {
                    continue;
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|error| bad(error.to_string()))?;
                    push(&open, &mut asked, &text)?;
                    continue;
                }
                Event::GeneralRef(name) => {
                    let text = match (&*name, name.resolve_char_ref()) {
                        (_, Ok(Some(letter))) => letter.to_string(),
                        (b"amp", _) => "&".into(),
                        (b"lt", _) => "<".into(),
                        (b"gt", _) => ">".into(),
                        (b"quot", _) => "\"".into(),
                        (b"apos", _) => "'".into(),
                        _ => return Err(bad("an unknown entity".into())),
                    };
                    push(&open, &mut asked, &text)?;
                    continue;
                }
                _ => return Err(bad("something that has no place in a request".into())),
            };
            let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
            let attributes = attributes(&start)?;
            match open.len() {
                0 if !seen_root && name == "Request" && is_namespace(&attributes) => {}
                0 => return Err(problem("wrong-root", name)),
                1 if !NAMES.contains(&name.as_str()) => {
                    return Err(problem("unknown-element", name));
                }
                1 if !attributes.is_empty() => return Err(problem("unknown-attribute", name)),
                1 if asked.iter().any(|(other, _)| *other == name) => {
                    return Err(problem("element-twice", name));
                }
                1 => asked.push((name.clone(), String::new())),
                _ => return Err(problem("unknown-element", format!("{name} too deep"))),
            }
            seen_root = true;
            if !is_empty {
                open.push(name);
            }
        }
        let question = Self(asked);
        if let Some((name, _)) = question.0.iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(problem("element-empty", name));
        }
        if question.get("SubAreaName").is_none() && question.get("LicensePlateNumber").is_none() {
            return Err(problem("nothing-asked", "neither SubAreaName nor LicensePlateNumber"));
        }
        Ok(question)
    }

    /// What is asked for under this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str())
    }

    fn takes(&self, session: &Session) -> bool {
        let is = |name: &str, value: Option<&str>| {
            self.get(name).is_none_or(|wanted| Some(wanted) == value)
        };
        is("SubAreaName", Some(&session.zone))
            && is("LicensePlateNumber", Some(&session.plate))
            && is("MeterNumber", session.pole.as_deref())
            && is("SpaceGroup", session.space.as_ref().map(|(_, group)| group.as_str()))
    }
}

fn push(open: &[String], asked: &mut [(String, String)], text: &str) -> Result<(), Problem> {
    match asked.last_mut().filter(|_| open.len() == 2) {
        Some((_, before)) => before.push_str(text),
        None => return Err(problem("bad-xml", "text beside elements")),
    }
    Ok(())
}

fn is_namespace(attributes: &[(String, String)]) -> bool {
    matches!(attributes, [(key, value)] if key == "xmlns" && value == NAMESPACE)
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, Problem> {
    let mut all = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| problem("bad-xml", error.to_string()))?;
        let value = attribute.unescape_value();
        let value = value.map_err(|error| problem("bad-xml", error.to_string()))?;
        let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        all.push((key, value.into_owned()));
    }
    Ok(all)
}

impl State {
    /// The list that answers a request.
    ///
    /// # Errors
    /// If it asks for an area that is not there.
    pub(super) fn parked(&self, question: &Question) -> Result<Response, Problem> {
        if let Some(area) = question.get("SubAreaName")
            && !self.settings.zones.iter().any(|zone| zone == area)
        {
            return Err(problem("unknown-zone", area));
        }
        let (now, switches) = (self.now(), &self.switches);
        let oldest = now - self.settings.just_ended;
        let mut rows: Vec<&Session> = self.sessions.rows.iter().map(|stored| &stored.row).collect();
        rows.retain(|session| {
            session.status != "CANCELLED"
                && session.from <= now
                && session.until.is_none_or(|until| oldest < until)
                && question.takes(session)
        });
        rows.truncate(rows.len() - rows.len() * switches.forgotten_percent.min(100) / 100);
        let is_of_spaces = question.get("SpaceGroup").is_some();
        let row = |session: &&Session| match is_of_spaces {
            true => space(switches, session),
            false => parked(switches, session),
        };
        let rows = rows.iter().map(row).collect::<Vec<String>>().join(",");
        let mut body = format!("[{}{rows}]", " ".repeat(switches.padding)).into_bytes();
        match switches.xml_answer {
            XmlAnswer::Honest => {}
            XmlAnswer::Cut => body.truncate((body.len() / 2).max(1)),
            XmlAnswer::Html => return Ok(page()),
            XmlAnswer::Object => body = [b"{\"data\":", &body[..], b"}"].concat(),
            XmlAnswer::Null => body = "null".into(),
            XmlAnswer::Empty => body.clear(),
        }
        Ok(Response::new(200, "application/json; charset=utf-8", body))
    }
}

/// An object of these members, `None` in the form of the switch.
fn object(switches: &Switches, members: &[(&str, Option<String>)]) -> String {
    let nothing = match switches.xml_nulls {
        Nulls::Null => "null",
        Nulls::NullText => "\"null\"",
        Nulls::Empty => "\"\"",
    };
    let member = |(key, value): &(&str, Option<String>)| {
        let json = value.as_deref().map_or_else(|| nothing.to_owned(), render::text);
        format!("\"{key}\":{json}")
    };
    format!("{{{}}}", members.iter().map(member).collect::<Vec<String>>().join(","))
}

fn time(switches: &Switches, at: DateTime<Utc>) -> String {
    switches.xml_dates.text(at, switches.xml_clock)
}

fn parked(switches: &Switches, session: &Session) -> String {
    let members = [
        ("LicensePlateNumber", Some(render::plate(switches, &session.id, &session.plate))),
        ("ParkingStartTime", Some(time(switches, session.from))),
        ("ParkingExpiryTime", session.until.map(|until| time(switches, until))),
        ("PoleNumber", session.pole.clone()),
        ("SubAreaName", Some(session.zone.clone())),
        ("TimeZone", switches.xml_zone_name.clone()),
    ];
    object(switches, &members)
}

fn space(switches: &Switches, session: &Session) -> String {
    let (space, group) = session.space.clone().unzip();
    let members = [
        ("Space", space),
        ("SpaceGroup", group),
        ("StartDateTime", Some(time(switches, session.from))),
        ("ExpiryTime", session.until.map(|until| time(switches, until))),
        ("Amount", Some("4.75".into())),
        ("PaymentMethod", Some("CREDIT CARD".into())),
    ];
    object(switches, &members)
}
