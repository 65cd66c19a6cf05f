//! Sessions and permits as the service keeps them. Plates, zones and words are raw text, so that a test
//! can serve any.

use chrono::{DateTime, TimeDelta, Utc};

/// One car that parks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `id`, `session_789`.
    pub id: String,
    /// `licensePlate`.
    pub plate: String,
    /// `state`, the issuer of the plate: `CT`.
    pub state: String,
    /// `zoneNumber`; `SubAreaName` of the XML wire.
    pub zone: String,
    /// `startTime`.
    pub from: DateTime<Utc>,
    /// `endTime`; `None` is `null`.
    pub until: Option<DateTime<Utc>>,
    /// `status`: `ACTIVE`, `CANCELLED`, `COMPLETED`, or any other word.
    pub status: String,
    /// `updatedAt`.
    pub updated_at: DateTime<Utc>,
    /// `PoleNumber` of the XML wire, which `MeterNumber` asks for.
    pub pole: Option<String>,
    /// `Space` and `SpaceGroup` of the XML wire.
    pub space: Option<(String, String)>,
}

impl Session {
    /// An active session that was last changed when it began.
    pub fn new(id: &str, plate: &str, state: &str, zone: &str, from: DateTime<Utc>) -> Self {
        Self {
            id: id.into(),
            plate: plate.into(),
            state: state.into(),
            zone: zone.into(),
            from,
            until: None,
            status: "ACTIVE".into(),
            updated_at: from,
            pole: None,
            space: None,
        }
    }

    /// Sets the end.
    #[must_use]
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.until = Some(until);
        self
    }

    /// Sets the meter's pole.
    #[must_use]
    pub fn pole(mut self, pole: &str) -> Self {
        self.pole = Some(pole.into());
        self
    }

    /// Sets the space and its group.
    #[must_use]
    pub fn space(mut self, space: &str, group: &str) -> Self {
        self.space = Some((space.into(), group.into()));
        self
    }

    /// Whether it gives a right at this instant: begun, not ended, not cancelled.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        ["ACTIVE", "COMPLETED"].contains(&self.status.as_str())
            && self.from <= at
            && self.until.is_none_or(|until| at < until)
    }
}

/// One permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// `id`, `permit_1`.
    pub id: String,
    /// `type`: `RESIDENTIAL`, `BUSINESS`, `VISITOR`, or any other word.
    pub kind: String,
    /// `number`, `RES-2024-001`.
    pub number: String,
    /// `licensePlate`.
    pub plate: String,
    /// `state`, the issuer of the plate: `CT`.
    pub state: String,
    /// `validFrom`.
    pub from: DateTime<Utc>,
    /// `validUntil`; `None` is `null`.
    pub until: Option<DateTime<Utc>>,
    /// `zones`; empty: absent, it holds everywhere.
    pub zones: Vec<String>,
    /// `status`: `ACTIVE`, `CANCELLED`, `SUSPENDED`, or any other word.
    pub status: String,
    /// `updatedAt`.
    pub updated_at: DateTime<Utc>,
}

impl Permit {
    /// An active permit for everywhere, without end, last changed when it began.
    pub fn new(id: &str, kind: &str, plate: &str, state: &str, from: DateTime<Utc>) -> Self {
        Self {
            id: id.into(),
            kind: kind.into(),
            number: format!("{}-{id}", kind.get(..3).unwrap_or(kind)),
            plate: plate.into(),
            state: state.into(),
            from,
            until: None,
            zones: Vec::new(),
            status: "ACTIVE".into(),
            updated_at: from,
        }
    }

    /// Sets the end.
    #[must_use]
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.until = Some(until);
        self
    }

    /// Sets the zones; none: everywhere.
    #[must_use]
    pub fn zones(mut self, zones: &[&str]) -> Self {
        self.zones = zones.iter().map(|zone| (*zone).to_owned()).collect();
        self
    }

    /// Whether it gives a right in this zone at this instant.
    pub fn contains(&self, zone: &str, at: DateTime<Utc>) -> bool {
        self.status == "ACTIVE"
            && self.from <= at
            && self.until.is_none_or(|until| at < until)
            && (self.zones.is_empty() || self.zones.iter().any(|one| one == zone))
    }
}

/// What sessions, permits and citations have in common.
pub(super) trait Row: Clone {
    /// The id.
    fn id(&self) -> &str;
    /// The plate.
    fn plate(&self) -> &str;
    /// When it was changed last.
    fn updated_at(&self) -> DateTime<Utc>;
    /// Sets that.
    fn touch(&mut self, at: DateTime<Utc>);
    /// A version of before the last change, made up.
    fn made_up_before(&self) -> Self;
}

/// An end half an hour earlier, but still after the start.
fn earlier(from: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    until.map(|until| (until - TimeDelta::minutes(30)).max(from + TimeDelta::seconds(1)))
}

impl Row for Session {
    fn id(&self) -> &str {
        &self.id
    }

    fn plate(&self) -> &str {
        &self.plate
    }

    fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }

    fn touch(&mut self, at: DateTime<Utc>) {
        self.updated_at = at;
    }

    fn made_up_before(&self) -> Self {
        let updated_at = self.updated_at - TimeDelta::minutes(1);
        Self { updated_at, until: earlier(self.from, self.until), ..self.clone() }
    }
}

impl Row for Permit {
    fn id(&self) -> &str {
        &self.id
    }

    fn plate(&self) -> &str {
        &self.plate
    }

    fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }

    fn touch(&mut self, at: DateTime<Utc>) {
        self.updated_at = at;
    }

    fn made_up_before(&self) -> Self {
        let updated_at = self.updated_at - TimeDelta::minutes(1);
        Self { updated_at, until: earlier(self.from, self.until), ..self.clone() }
    }
}
