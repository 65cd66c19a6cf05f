//! Gates: what was last seen of each, the rows that this program made there, and what it sent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::rights::KeptPlate;
use super::rows::{Columns, FromColumns, Sink, ToColumns, damaged, row};
use super::{Gates, OutcomeKind, Overview, StoreError, StoreProblem, seal};
use crate::model::{
    Days, Kind, OwnRow, PlateRules, RightRef, RowVerb, RunId, SourceName, TargetName,
};

/// A gate as a run left it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateKept {
    /// A digest of the configuration of its cars.
    pub sense: String,
    /// The same when nobody's loss was waiting for an approval.
    pub settled_sense: Option<String>,
    /// A digest of what its cars were.
    pub basis: String,
    /// A digest of what was known of all rights-files, and of members' plates.
    pub sources: String,
    /// When its list was last read whole.
    pub read_at: Option<DateTime<Utc>>,
    /// Something was not done there since, or nobody knows whether it was.
    pub needs_read: bool,
    /// From when on the time alone may bring other rows.
    pub same_until: Option<DateTime<Utc>>,
    /// How many rows it has, and how many of them somebody else made.
    pub rows: u64,
    pub strangers: u64,
    /// The most rows that it holds, where it says.
    pub capacity: Option<u64>,
    /// The id of the changes that wait for approval.
    pub blocked: Option<String>,
    /// Everything was done there once: what opens at once later is no first filling.
    pub is_filled: bool,
    /// What there was to say of it, as JSON.
    pub remarks: String,
}

row!(GateKept {
    sense,
    settled_sense,
    basis,
    sources,
    read_at,
    needs_read,
    same_until,
    rows,
    strangers,
    capacity,
    blocked,
    is_filled,
    remarks,
});

/// A write that was tried. No plate is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateChange {
    pub run: RunId,
    pub gate: TargetName,
    pub at: DateTime<Utc>,
    pub verb: RowVerb,
    /// Some moment from then on was lost by it.
    pub loses: bool,
    pub by: RightRef,
    /// Afterwards; nothing where the row was removed.
    pub days: Option<Days>,
    pub outcome: OutcomeKind,
    pub error: Option<String>,
    /// It left this computer, or may have.
    pub is_sent: bool,
}

row!(GateChange { run, gate, at, verb, loses, by, days, outcome, error, is_sent });

impl GateChange {
    /// Whether it gave time or took it away. A row that goes after its end takes none, and gives none.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.loses || self.verb == RowVerb::Remove {
            true => Kind::Revocation,
            false => Kind::Grant,
        }
    }
}

/// A day is its first second on the gate's wall clock.
impl FromColumns for NaiveDate {
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        Ok(columns.next::<NaiveDateTime>()?.date())
    }
}

impl ToColumns for NaiveDate {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        self.and_time(NaiveTime::MIN).write(to)
    }
}

impl FromColumns for Days {
    const WIDTH: usize = 2;

    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let (first, last) = (columns.next()?, columns.next()?);
        Self::new(first, last).ok_or_else(|| damaged("the days of a row", "its end"))
    }
}

impl ToColumns for Days {
    const WIDTH: usize = 2;

    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        (self.first(), self.last()).write(to)
    }
}

impl FromColumns for RightRef {
    const WIDTH: usize = 2;

    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let source: String = columns.next()?;
        let source = SourceName::new(&source).map_err(|error| damaged("a source", error))?;
        Ok(Self { source, right: columns.next()? })
    }
}

impl ToColumns for RightRef {
    const WIDTH: usize = 2;

    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        (self.source.as_str(), &self.right).write(to)
    }
}

impl FromColumns for OwnRow {
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let plate: KeptPlate = columns.next()?;
        Ok(Self {
            // Whatever texts are no plates now, this one was.
            plate: plate.plate(&PlateRules::default())?,
            id: columns.next()?,
            days: columns.next()?,
            by: columns.next()?,
            is_held: columns.next()?,
        })
    }
}

impl ToColumns for OwnRow {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        let Self { plate, id, days, by, is_held } = self;
        (KeptPlate::from(plate), id, days, by, is_held).write(to)
    }
}

impl Gates<'_> {
    /// A gate as a run left it; nothing where none did.
    pub fn gate(&self, gate: &TargetName) -> Result<Option<GateKept>, StoreError> {
        let store = self.0;
        let row: Option<(GateKept, i64)> = store.first(
            "SELECT sense, settled_sense, basis, sources, read_at, needs_read, same_until_at, rows, \
             strangers, capacity, blocked, is_filled, remarks, seal FROM gate WHERE name = ?1",
            gate,
        )?;
        let Some((kept, sealed)) = row else { return Ok(None) };
        let wanted = seal::seal_of(&kept, &store.accounts);
        seal::check(Some(sealed), wanted, "what is known of a gate").map_err(|e| store.error(e))?;
        Ok(Some(kept))
    }

    /// Keeps a gate as a run leaves it.
    pub fn keep_gate(&self, gate: &TargetName, kept: &GateKept) -> Result<(), StoreError> {
        let store = self.0;
        let seal = seal::seal_of(kept, &store.accounts).map_err(|error| store.error(error))?;
        store.exec(
            "INSERT INTO gate VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
             ON CONFLICT (name) DO UPDATE SET sense = ?2, settled_sense = ?3, basis = ?4, sources = ?5, \
             read_at = ?6, needs_read = ?7, same_until_at = ?8, rows = ?9, strangers = ?10, \
             capacity = ?11, blocked = ?12, is_filled = ?13, remarks = ?14, seal = ?15",
            (gate, kept, seal),
        )
    }

    /// Remembers which device answers there.
    pub fn record_identity(
        &self,
        gate: &TargetName,
        serial: &str,
        version: &str,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE device SET serial = ?2, version = ?3 WHERE name = ?1",
            (gate, serial, version),
        )
    }

    /// Every gate that stated a serial number when it was read last, the one that was read last at the end.
    pub fn serials(&self) -> Result<Vec<(TargetName, String)>, StoreError> {
        self.0.all(
            "SELECT device.name, serial FROM device JOIN gate ON gate.name = device.name \
             WHERE trim(serial) <> '' ORDER BY gate.read_at, device.name",
            (),
        )
    }

    /// Takes over what this program made at a gate under the name that its section had before. The caller has seen
    /// that it is the same gate, and that no other section leads to it.
    pub fn follow_renamed(&self, gate: &TargetName, former: &TargetName) -> Result<(), StoreError> {
        let store = self.0;
        store.write_over_what_goes()?;
        store.exec("UPDATE OR IGNORE gate_row SET gate = ?1 WHERE gate = ?2", (gate, former))?;
        for plate in self.rows(former)?.keys() {
            self.forget_row(former, plate)?;
        }
        // A gate that gets the former name is another one.
        store.exec("UPDATE device SET serial = NULL WHERE name = ?1", former)?;
        log::info!("{gate}: what is known of {former} is known of it: its section had that name");
        self.keep_gate(former, &GateKept { needs_read: true, ..GateKept::default() })
    }

    /// The rows that this program made at a gate, by the letters and digits of their plates.
    pub fn rows(&self, gate: &TargetName) -> Result<BTreeMap<String, OwnRow>, StoreError> {
        self.read_rows(
            "SELECT plate, issuer, id, first_day, last_day, source, right_id, is_held, seal \
             FROM gate_row WHERE gate = ?1",
            gate,
        )
    }

    /// The row of one plate, by its letters and digits.
    pub fn row(&self, gate: &TargetName, plate: &str) -> Result<Option<OwnRow>, StoreError> {
        let rows = self.read_rows(
            "SELECT plate, issuer, id, first_day, last_day, source, right_id, is_held, seal \
             FROM gate_row WHERE gate = ?1 AND plate = ?2",
            (gate, plate),
        )?;
        Ok(rows.into_values().next())
    }

    fn read_rows(
        &self,
        sql: &str,
        params: impl ToColumns,
    ) -> Result<BTreeMap<String, OwnRow>, StoreError> {
        let store = self.0;
        let mut rows = BTreeMap::new();
        store.prepare(sql)?.each(params, |(row, sealed): (OwnRow, i64)| {
            seal::check(Some(sealed), seal::seal_of(&row, &store.accounts), "a row of a gate")?;
            rows.insert(row.plate.text().to_owned(), row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Keeps a row as it was announced, or as the gate showed it.
    pub fn keep_row(&self, gate: &TargetName, own: &OwnRow) -> Result<(), StoreError> {
        let store = self.0;
        let seal = seal::seal_of(own, &store.accounts).map_err(|error| store.error(error))?;
        // A row that takes the place of another leaves that one's plate behind.
        store.write_over_what_goes()?;
        store.exec(
            "INSERT INTO gate_row VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
             ON CONFLICT (gate, plate) DO UPDATE SET issuer = ?3, id = ?4, first_day = ?5, \
             last_day = ?6, source = ?7, right_id = ?8, is_held = ?9, seal = ?10",
            (gate, own, seal),
        )
    }

    /// Forgets a row that is gone, for good: a plate that nobody needs is personal data.
    pub fn forget_row(&self, gate: &TargetName, plate: &str) -> Result<(), StoreError> {
        self.0.write_over_what_goes()?;
        self.0.exec("DELETE FROM gate_row WHERE gate = ?1 AND plate = ?2", (gate, plate))
    }

    /// Forgets the rows of all gates, also of those that no section names any more, that ended before a day: a
    /// gate that is away for long keeps nobody's plate here. Of those that are `open` nothing is forgotten.
    pub fn forget_ended(
        &self,
        before: NaiveDate,
        open: &BTreeSet<&TargetName>,
    ) -> Result<(), StoreError> {
        let known = self.0.overview().gates_known()?;
        for gate in known.iter().filter(|gate| !open.contains(gate)) {
            let sql = "SELECT plate FROM gate_row WHERE gate = ?1 AND last_day < ?2";
            let ended: Vec<String> = self.0.all(sql, (gate, before))?;
            ended.iter().try_for_each(|plate| self.forget_row(gate, plate))?;
        }
        Ok(())
    }

    /// Of how many rights rows lost time by what was sent since then, each counted once.
    pub fn losses_since(
        &self,
        gate: &TargetName,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let count = self.0.first(
            "SELECT count(DISTINCT source || ' ' || right_id) FROM gate_change \
             WHERE gate = ?1 AND at >= ?2 AND at <= ?3 AND loses = 1 AND sent = 1",
            (gate, since, now),
        )?;
        Ok(count.unwrap_or_default())
    }

    /// Adds one line to the list of what was tried.
    pub fn log(&self, change: &GateChange) -> Result<(), StoreError> {
        self.0.exec(
            "INSERT INTO gate_change (run, gate, at, verb, loses, source, right_id, first_day, last_day, \
             outcome, error, sent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            change,
        )
    }
}

impl Overview<'_> {
    /// What was tried at all gates since then, also at those that no section names any more, newest first, at most
    /// `limit` lines.
    pub fn rows_since(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<GateChange>, StoreError> {
        self.0.all(
            "SELECT run, gate, at, verb, loses, source, right_id, first_day, last_day, outcome, error, sent \
             FROM gate_change WHERE gate IN (SELECT name FROM gate) AND at >= ?1 \
             ORDER BY at DESC, id DESC LIMIT ?2",
            (since, limit),
        )
    }

    /// Every gate that was ever read.
    pub fn gates_known(&self) -> Result<Vec<TargetName>, StoreError> {
        self.0.all("SELECT name FROM gate ORDER BY name", ())
    }
}
