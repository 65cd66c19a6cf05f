//! A target: it holds records, each with a window in which a door opens.
//!
//! Reading and writing are two types, so that who was given only a reader cannot write.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::Failure;
use crate::model::{Memory, Record, RecordId, TargetTimes, Window};

/// What every target of a kind can hold and how it is asked: planning and the proof go by it. What one of
/// them says of itself narrows it: see [`Statement`]. What can be done to a record are the methods of
/// [`TargetWriter`]; a target without a wall clock says so in [`Target::clock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The most records that one exact reading may name, and that are written between two readings.
    pub batch: usize,
    /// The windows that it takes.
    pub times: TargetTimes,
    /// A write is in force only once it is committed.
    pub commits: bool,
}

/// Who a target is. Texts are as stated, empty where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// What tells it from any other of its kind.
    pub serial: String,
    /// Its model or product.
    pub model: String,
    /// The version of what runs on it: whatever was learnt of how it takes writes is about this.
    pub version: String,
}

/// A target's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetClock {
    /// What its clock shows, to the second.
    pub local: NaiveDateTime,
    /// Minutes east of UTC; `None`: it does not say for sure.
    pub offset_minutes: Option<i32>,
}

/// What a target says of itself, as far as it says anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// The most records it holds.
    pub capacity: Option<u64>,
    /// The last moment that it takes as an end.
    pub latest_end: Option<NaiveDateTime>,
    /// What is worth telling, as fragments that follow its name.
    pub facts: Vec<String>,
    /// What would keep it from doing its work.
    pub remarks: Vec<Remark>,
}

/// A record that was written, and is to be put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub id: RecordId,
    /// What the target itself calls it: see [`Target::handle`].
    pub handle: String,
}

/// What became of asking to put records in force. What is in neither list was asked for, and
/// [`Target::settlement`] tells what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The target does not put them in force; why, without names of persons.
    pub refused: BTreeMap<RecordId, String>,
    /// They are not on the target any more.
    pub gone: BTreeSet<RecordId>,
}

/// Records that were committed and are not in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// Nothing has become of it yet.
    pub waiting: BTreeSet<RecordId>,
    /// It failed; where and why, without names of persons.
    pub failed: BTreeMap<RecordId, String>,
}

/// Something about a target that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, as a fragment that follows the target's name.
    pub text: String,
    pub remedy: Option<String>,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// As it should be.
    Ok,
    Warning,
    /// It keeps the target from doing its work.
    Failed,
}

/// How reading all records went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordList {
    /// Records handed over, each id once.
    pub count: usize,
    /// How many there are, where the target states it.
    pub total_stated: Option<usize>,
    pub pages: usize,
    /// Why entries were left out, without names: `the entry at offset 3 has no employeeNo`.
    pub unusable: Vec<String>,
    /// Ids that several entries have; one of them was handed over.
    pub twice: BTreeSet<RecordId>,
    /// Whether this is certainly everybody. Absence means something only then.
    pub complete: bool,
}

/// One record as read: what planning needs, and the whole of it for a write that must repeat what it
/// keeps. `Debug` shows the id only, since the rest is personal.
#[derive(Clone, PartialEq)]
pub struct FullRecord {
    pub person: Record,
    /// Every field as the connector read it; only the connector looks inside.
    pub fields: Map<String, Value>,
}

impl fmt::Debug for FullRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FullRecord")
            .field("employee_no", &self.person.employee_no)
            .finish_non_exhaustive()
    }
}

/// A connection to one target, read only. One request at a time.
pub trait Target: Send {
    fn identity(&mut self) -> Result<Identity, Failure>;

    /// What its clock shows; `None` for a target that holds moments and has no wall clock of its own.
    fn clock(&mut self) -> Result<Option<TargetClock>, Failure>;

    /// What it says of itself.
    fn statement(&mut self) -> Result<Statement, Failure> {
        Ok(Statement::default())
    }

    /// What is remembered of it, with what was learnt here.
    fn memory(&self) -> Memory {
        Memory::default()
    }

    /// What was learnt of it that is otherwise than documented, in words that follow its name.
    fn learnt(&self) -> Vec<String> {
        Vec::new()
    }

    /// Keeps one more login try before a lock than usual, because the login was refused before; where
    /// nothing locks, nothing is to do.
    fn keep_a_try(&mut self) {}

    /// Reads all records and hands each over once.
    ///
    /// # Errors
    /// [`Failure`]; what was handed over before it is then not everybody.
    fn all(&mut self, each: &mut dyn FnMut(FullRecord)) -> Result<RecordList, Failure>;

    /// Reads just these records; one that is absent from the answer is not there.
    fn some(&mut self, wanted: &[RecordId]) -> Result<BTreeMap<RecordId, FullRecord>, Failure>;

    /// What the target itself calls a record, for as long as it is there, whatever people rename.
    fn handle(&self, record: &FullRecord) -> String {
        record.person.employee_no.to_string()
    }

    /// The id by which a record goes now whose handle this is; nothing when it is not there.
    fn renumbered(&mut self, _handle: &str) -> Result<Option<RecordId>, Failure> {
        Ok(None)
    }

    /// Which of these committed records are not in force, or may not be.
    fn settlement(&mut self, _written: &[Written]) -> Result<Pending, Failure> {
        Ok(Pending::default())
    }

    /// Tries the calls that a run needs beside those of a reading, as far as they change nothing; one of its
    /// records is `known`.
    fn rehearse(&mut self, _known: Option<&RecordId>) -> Vec<Failure> {
        Vec::new()
    }

    /// Names what differs between two readings of a record beside its window.
    fn differences(&self, before: &FullRecord, after: &FullRecord) -> Vec<String>;

    /// Takes the right to write. Only [`execute`](crate::engine::execute) does.
    fn into_writer<'a>(self: Box<Self>) -> Box<dyn TargetWriter + 'a>
    where
        Self: 'a;
}

/// A connection to one target, to change it.
pub trait TargetWriter {
    fn reader(&mut self) -> &mut dyn Target;

    /// Sets the window of a record that was just read, and nothing else.
    ///
    /// # Errors
    /// [`Failure`]; of class `Unknown` when the change may have happened.
    fn set(&mut self, record: &FullRecord, window: Window) -> Result<(), Failure>;

    /// Asks to put in force what was written to these records; repeating it does no harm.
    ///
    /// # Errors
    /// [`Failure`] where it may work for all of them at another time, or once somebody has set something right.
    fn commit(&mut self, _written: &[Written]) -> Result<Committed, Failure> {
        Ok(Committed::default())
    }

    /// Puts back what a write lost although nobody asked for that, where the connector can; says what came
    /// of it, or nothing where nothing of the kind was lost.
    fn restore(
        &mut self,
        _before: &FullRecord,
        _after: &FullRecord,
        _window: Window,
    ) -> Option<String> {
        None
    }
}
