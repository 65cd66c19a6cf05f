//! Citations as the service keeps them, which the wire calls violations. Here that word is for what a
//! client did wrong. Plates, zones and words are raw text, so that a test can serve any.

use chrono::{DateTime, TimeDelta, Utc};

use super::render::{self, PERSONAL_MARKS};
use super::row::Row;
use super::server::Server;
use super::switches::Switches;

/// One ticket that an officer wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// `violationId`, `ips_viol_789`.
    pub id: String,
    /// `licensePlate`.
    pub plate: String,
    /// `state`, the issuer of the plate: `CT`.
    pub state: String,
    /// `location.zoneNumber`.
    pub zone: String,
    /// `location.address`.
    pub address: String,
    /// `timestamp`: when the car was seen.
    pub at: DateTime<Utc>,
    /// `violationType`, `EXPIRED_METER`.
    pub kind: String,
    /// `description`.
    pub description: String,
    /// `fineAmount` in cents; the wire tells dollars.
    pub fine_cents: u64,
    /// `officerId`: one of [`PERSONAL_MARKS`] at first.
    pub officer: String,
    /// `url` of each piece of `evidence`.
    pub evidence: Vec<String>,
    /// `status`: `ISSUED`, `PAID`, `DISMISSED`, `VOID`, or any other word.
    pub status: String,
    /// `updatedAt`.
    pub updated_at: DateTime<Utc>,
}

impl Citation {
    /// A citation of 25 dollars with a photograph, `ISSUED`, last changed when it was written.
    pub fn new(
        id: &str,
        plate: &str,
        state: &str,
        zone: &str,
        at: DateTime<Utc>,
        kind: &str,
    ) -> Self {
        Self {
            id: id.into(),
            plate: plate.into(),
            state: state.into(),
            zone: zone.into(),
            address: "123 Main Street, Stamford, CT".into(),
            at,
            kind: kind.into(),
            description: "Seen on foot, nobody in the vehicle".into(),
            fine_cents: 2500,
            officer: PERSONAL_MARKS[3].into(),
            evidence: vec![format!("https://evidence.invalid/{id}.jpg")],
            status: "ISSUED".into(),
            updated_at: at,
        }
    }

    /// Sets the fine.
    #[must_use]
    pub fn fine_cents(mut self, cents: u64) -> Self {
        self.fine_cents = cents;
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn status(mut self, status: &str) -> Self {
        self.status = status.into();
        self
    }

    /// As a well behaved listing tells of it, with `status` and `updatedAt`.
    pub fn row(&self) -> String {
        render::citation(&Switches::default(), self)
    }

    /// As an officer's device reports it: there is no status yet.
    pub fn report(&self) -> String {
        render::report(self)
    }
}

impl Row for Citation {
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
        Self { updated_at, fine_cents: self.fine_cents / 2, ..self.clone() }
    }
}

impl Server {
    /// A citation is written: `ISSUED`, changed now, whenever the car was seen.
    ///
    /// # Panics
    /// If there is a citation with this id.
    pub fn cite(
        &self,
        id: &str,
        plate: &str,
        state: &str,
        zone: &str,
        at: DateTime<Utc>,
        kind: &str,
    ) {
        self.add_citation(Citation::new(id, plate, state, zone, at, kind));
    }

    /// Adds a citation, changed now. One that was removed may come again.
    ///
    /// # Panics
    /// If there is a citation with its id.
    pub fn add_citation(&self, citation: Citation) {
        self.with(|state| state.citations.add(Citation { updated_at: state.now(), ..citation }));
    }

    /// Sets the status of a citation; `false` if there is no such citation.
    pub fn set_citation_status(&self, id: &str, status: &str) -> bool {
        self.edit_citation(id, |citation| citation.status = status.into())
    }

    /// Changes a citation, changed now; `false` if there is no such citation.
    pub fn edit_citation(&self, id: &str, edit: impl FnOnce(&mut Citation)) -> bool {
        self.with(|state| {
            let now = state.now();
            state.citations.edit(id, now, edit)
        })
    }

    /// Removes a citation, which leaves a tombstone; `false` if there is no such citation.
    pub fn remove_citation(&self, id: &str) -> bool {
        self.with(|state| {
            let now = state.now();
            state.citations.delete(id, now)
        })
    }

    /// A citation by its id, as it stands.
    pub fn citation(&self, id: &str) -> Option<Citation> {
        self.with(|state| state.citations.get(id).cloned())
    }

    /// All citations that are not removed, in the order in which they came.
    pub fn citations(&self) -> Vec<Citation> {
        self.with(|state| state.citations.rows.iter().map(|stored| stored.row.clone()).collect())
    }
}
