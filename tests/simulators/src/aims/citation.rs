//! A citation, read as strictly as can be.

use chrono::{DateTime, Utc};

use super::Switches;
use crate::base64;
use crate::service::{Fields, Json, Problem, problem};

/// A citation as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// `citationNumber`
    pub number: String,
    /// `licensePlate`
    pub plate: String,
    /// `state`
    pub state: String,
    /// `violation.code`
    pub code: String,
    /// `violation.fineAmount`, in minor units.
    pub fine: i64,
    /// `location.zoneNumber`
    pub zone: String,
    /// `timestamp`
    pub at: DateTime<Utc>,
    /// Labels and bytes.
    pub evidence: Vec<(String, Vec<u8>)>,
}

impl Citation {
    /// Reads one.
    pub(super) fn read(
        body: &Json,
        now: DateTime<Utc>,
        switches: &Switches,
    ) -> Result<Self, Problem> {
        let mut body = Fields::of(body, "")?;
        let number = body.text("citationNumber")?.to_owned();
        let plate = plate(body.text("licensePlate")?)?.to_owned();
        let state = body.text("state")?.to_owned();
        let mut violation = body.object("violation")?;
        let code = violation.text("code")?.to_owned();
        if !switches.codes.contains(&code) {
            return Err(problem("violation-code", code).status(422));
        }
        violation.text("description")?;
        let fine = violation.decimal("fineAmount", false)?;
        if fine <= 0 {
            return Err(problem("amount-sign", "/violation/fineAmount"));
        }
        violation.end()?;
        let mut location = body.object("location")?;
        let zone = location.text("zoneNumber")?.to_owned();
        for name in ["address", "latitude", "longitude"] {
            location.maybe(name);
        }
        location.end()?;
        let mut officer = body.object("officer")?;
        officer.text("id")?;
        officer.maybe("badge");
        if officer.maybe("name").is_some() {
            return Err(problem("officer-name", "/officer/name"));
        }
        officer.end()?;
        let at = body.instant("timestamp")?;
        if at > now + switches.ahead_max {
            return Err(problem("citation-in-future", at.to_string()).status(422));
        }
        if at < now - switches.age_max {
            return Err(problem("citation-too-old", at.to_string()).status(422));
        }
        let pieces = body.list("evidence")?.iter().enumerate();
        let evidence = pieces.map(|(place, piece)| evidence(place, piece, switches.evidence_max));
        let evidence = evidence.collect::<Result<_, _>>()?;
        body.end()?;
        Ok(Self { number, plate, state, code, fine, zone, at, evidence })
    }
}

/// Letters in upper case and digits, 1 to 12.
pub(super) fn plate(text: &str) -> Result<&str, Problem> {
    let is_plain = |letter: char| letter.is_ascii_digit() || letter.is_uppercase();
    let is_plate = text.chars().all(is_plain) && (1..=12).contains(&text.chars().count());
    if is_plate { Ok(text) } else { Err(problem("plate-form", text)) }
}

fn evidence(place: usize, piece: &Json, max: usize) -> Result<(String, Vec<u8>), Problem> {
    let at = format!("/evidence/{place}");
    let mut piece = Fields::of(piece, at.clone())?;
    piece.word("type", &["PHOTO"])?;
    let label = piece.text("mimeType")?;
    let data = piece.needs("base64Data")?.text().unwrap_or_default();
    piece.end()?;
    if data.is_empty() {
        return Err(problem("evidence-empty", at));
    }
    let bytes = base64::decode(data).ok_or_else(|| problem("evidence-base64", at.clone()))?;
    if bytes.len() > max {
        return Err(problem("evidence-size", format!("{at}: {} bytes", bytes.len())).status(413));
    }
    let is_so = match label {
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
        "image/webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        _ => false,
    };
    if is_so {
        Ok((label.to_owned(), bytes))
    } else {
        Err(problem("evidence-label", format!("{at}: {label}")))
    }
}
