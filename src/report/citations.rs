//! What was found of citations: as text and as JSON. Pure.
//!
//! No plate is in it: a citation is named by its id, and so is the right that speaks against it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Head;
use super::collection::ReferralTold;
use super::look::{Look, Tone};
use super::text::with_zone;
use crate::command::CommandName;
use crate::engine::citations::{CitationRight, Finding, Judged, Review};
use crate::engine::vehicles::ParkingStatus;
use crate::exit::Exit;
use crate::model::{CitationState, RightCode, Zone, printable};
use crate::store::ReferralKept;
use crate::text::lists::many;
use crate::text::times::whole_seconds;
use crate::trouble::{Trouble, TroubleWord};

/// What was found, and from when on.
#[derive(Debug)]
pub struct CitationReport {
    pub review: Review,
    /// From when on citations were asked for, and from when on they are kept.
    pub since: DateTime<Utc>,
    pub kept_since: DateTime<Utc>,
    pub troubles: Vec<Trouble>,
    /// The zone that people are told times in.
    pub zone: Zone,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    #[serde(serialize_with = "whole_seconds")]
    since: DateTime<Utc>,
    violations: Vec<Told<'a>>,
    unclear: Vec<Told<'a>>,
    stand: usize,
    dismissed: usize,
    problems: &'a [Trouble],
    exit_code: u8,
}

#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    source: &'a str,
    pub(super) id: &'a str,
    #[serde(serialize_with = "whole_seconds")]
    at: DateTime<Utc>,
    zone: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    state: CitationState,
    status: ParkingStatus,
    right: Option<RightTold<'a>>,
    known_later: bool,
    stale: Vec<&'a str>,
    pub(super) why: &'static str,
}

#[derive(Debug, Serialize)]
struct RightTold<'a> {
    source: &'a str,
    id: &'a str,
    kind: &'a str,
    #[serde(serialize_with = "whole_seconds")]
    from: DateTime<Utc>,
    #[serde(serialize_with = "whole_seconds")]
    until: Option<DateTime<Utc>>,
    matched_without_issuer: bool,
}

impl CitationReport {
    /// 4 where somebody must look at a citation, 5 where nothing can be said of one.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let found = (!self.review.had_right.is_empty()).then_some(Exit::Refused);
        let unclear = (!self.review.unclear.is_empty()).then_some(Exit::Temporary);
        // What could not be read was not judged either.
        let is_left_out = |one: &Trouble| one.word() == TroubleWord::CitationsLeftOut;
        let left_out = self.troubles.iter().any(is_left_out).then_some(Exit::Temporary);
        let troubles = self.troubles.iter().map(Trouble::exit);
        Exit::of_all(troubles.chain(found).chain(unclear).chain(left_out))
    }

    /// The JSON document.
    #[must_use]
    pub fn document(&self) -> impl Serialize + '_ {
        let Review { had_right, unclear, stand, dismissed } = &self.review;
        Document {
            head: Head::of(CommandName::Diff),
            since: self.since.max(self.kept_since),
            violations: had_right.iter().map(told).collect(),
            unclear: unclear.iter().map(told).collect(),
            stand: *stand,
            dismissed: *dismissed,
            problems: &self.troubles,
            exit_code: self.exit().code(),
        }
    }

    /// The text for people.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let Review { had_right, unclear, stand, dismissed } = &self.review;
        let mut text = String::new();
        if !had_right.is_empty() {
            let count = many(had_right.len(), "citation");
            let title = format!("{count} against a car that had a right:");
            let _ = writeln!(text, "{}", look.paint(Tone::Bad, &title));
            had_right.iter().for_each(|one| line(&mut text, one, self.zone));
        }
        if !unclear.is_empty() {
            let title = format!("{} that cannot be judged:", many(unclear.len(), "citation"));
            let _ = writeln!(text, "{}", look.paint(Tone::Warning, &title));
            unclear.iter().for_each(|one| line(&mut text, one, self.zone));
        }
        let since = with_zone(self.since.max(self.kept_since), self.zone);
        let count = had_right.len() + unclear.len() + stand + dismissed;
        let _ = writeln!(
            text,
            "{} since {since}: {} against a car with a right, {} not judged, {stand} against a car without, \
             {dismissed} dismissed.",
            many(count, "citation"),
            had_right.len(),
            unclear.len(),
        );
        if self.since < self.kept_since {
            text.push_str("Older ones are forgotten: see keep_plates under [parking].\n");
        }
        look.folded(text)
    }
}

/// The line of one citation.
fn line(text: &mut String, one: &Judged, people: Zone) {
    let Judged { citation, zone, right, .. } = one;
    let zone = zone.as_ref().map(ToString::to_string).or_else(|| citation.zone.clone());
    let _ = write!(
        text,
        "  {} of {}: {}, {}, {}",
        printable(citation.id.as_str()),
        citation.source,
        with_zone(citation.at, people),
        zone.map_or("no zone".to_owned(), |zone| format!("zone {}", printable(&zone))),
        citation.kind.as_ref().map_or("no type".into(), |kind| printable(kind.as_str())),
    );
    if citation.state != CitationState::Issued {
        let _ = write!(text, ", {}", citation.state);
    }
    let _ = write!(text, "; {}", one.why());
    if let Some(right) = right.as_ref().filter(|_| one.finding != Finding::Stands) {
        let _ = write!(text, " by {}", by_right(right, people));
    }
    if one.is_late() {
        text.push_str("; known only since after the citation");
    }
    if !one.stale.is_empty() {
        let stale: Vec<_> = one.stale.iter().map(ToString::to_string).collect();
        let _ = write!(text, "; not fresh: {}", stale.join(", "));
    }
    text.push('\n');
}

fn by_right(right: &CitationRight, people: Zone) -> String {
    let until = match right.period.end() {
        Some(end) => with_zone(end, people),
        None => "it is stopped".to_owned(),
    };
    let begin = with_zone(right.period.begin(), people);
    let id = printable(right.id.as_str());
    let issuer = match right.is_matched_without_issuer {
        true => " (the same letters and digits, the issuer is not known)",
        false => "",
    };
    format!("{id} of {}, {begin} until {until}{issuer}", right.source)
}

pub(super) fn told(one: &Judged) -> Told<'_> {
    let Judged { citation, zone, status, right, stale, .. } = one;
    Told {
        source: citation.source.as_str(),
        id: citation.id.as_str(),
        at: citation.at,
        zone: zone.as_ref().map(|zone| zone.as_str()).or(citation.zone.as_deref()),
        kind: citation.kind.as_ref().map(RightCode::as_str),
        state: citation.state,
        status: *status,
        right: right.as_ref().map(|right| RightTold {
            source: right.source.as_str(),
            id: right.id.as_str(),
            kind: right.kind.word(),
            from: right.period.begin(),
            until: right.period.end(),
            matched_without_issuer: right.is_matched_without_issuer,
        }),
        known_later: one.is_late(),
        stale: stale.iter().map(|source| source.as_str()).collect(),
        why: one.why(),
    }
}

/// The answer to `lookup citation:ID`.
#[derive(Debug, Serialize)]
pub struct CitationAnswer<'a> {
    #[serde(flatten)]
    head: Head,
    who: &'a str,
    #[serde(serialize_with = "whole_seconds")]
    asked_at: DateTime<Utc>,
    citations: Vec<Told<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    referrals: Vec<ReferralTold>,
    exit_code: u8,
    #[serde(skip)]
    exit: Exit,
}

impl<'a> CitationAnswer<'a> {
    /// Of the citations with the name that was asked for; several services may have one.
    #[must_use]
    pub fn new(
        who: &'a str,
        (judged, referrals): (&'a [Judged], &[ReferralKept]),
        asked_at: DateTime<Utc>,
    ) -> Self {
        let is_nothing = judged.is_empty() && referrals.is_empty();
        let exit = if is_nothing { Exit::NobodyFound } else { Exit::InStep };
        let referrals = referrals.iter().map(ReferralTold::from).collect();
        let head = Head::of(CommandName::Lookup);
        let citations = judged.iter().map(told).collect();
        Self { head, who, asked_at, citations, referrals, exit_code: exit.code(), exit }
    }

    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The text for the desk.
    #[must_use]
    pub fn render(&self, judged: &[Judged], zone: Zone, look: Look) -> String {
        let mut text = String::new();
        judged.iter().for_each(|one| line(&mut text, one, zone));
        self.referrals.iter().for_each(|one| text.push_str(&one.line()));
        if text.is_empty() {
            text.push_str(
                "No citation of that name is known, or it is older than plates are kept.\n",
            );
        }
        look.folded(text)
    }
}
