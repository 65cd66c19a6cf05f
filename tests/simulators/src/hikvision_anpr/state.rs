//! Everything a camera holds in its memory, behind one lock.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::Value;

use super::audit::Audit;
use super::row::Row;
use super::settings::Settings;
use super::switches::{Effect, Ids, Switches};
use crate::isapi::line::Line;
use crate::isapi::login::Login;
use crate::meanwhile::Meanwhile;
use crate::zone::Zone;

/// The memory of one camera.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) switches: Switches,
    pub(super) rows: Vec<Row>,
    /// The list as reads still show it, where that is not the list as it is.
    old: Option<Old>,
    /// Accepted writes and deletions: JSON bodies, and XML bodies as text.
    pub(super) writes: Vec<Value>,
    pub(super) login: Login,
    pub(super) audit: Audit,
    pub(super) zone: Zone,
    pub(super) clock_offset: TimeDelta,
    pub(super) line: Line,
    pub(super) meanwhile: Meanwhile<Row>,
    /// The last id that was given.
    last_id: u64,
}

/// A list that was.
struct Old {
    rows: Vec<Row>,
    until: Until,
}

/// How long a list that was is shown.
enum Until {
    Reads(usize),
    Time(DateTime<Utc>),
}

impl State {
    /// A camera as its settings say.
    pub(super) fn new(mut settings: Settings) -> Self {
        let rows = std::mem::take(&mut settings.rows);
        let mut state = Self {
            switches: settings.switches.clone(),
            rows: Vec::new(),
            old: None,
            zone: settings.zone,
            audit: Audit::new(settings.rules.clone()),
            settings,
            writes: Vec::new(),
            login: Login::default(),
            clock_offset: TimeDelta::zero(),
            line: Line::default(),
            meanwhile: Meanwhile::default(),
            last_id: 100,
        };
        for row in rows {
            state.put_by_hand(row);
        }
        state
    }

    /// Puts a row at the end of the list as it is, with an id if it has none. A number is given once only.
    pub(super) fn put_by_hand(&mut self, mut row: Row) {
        if row.id.is_empty() {
            row.id = self.next_id(&row.plate);
        }
        self.last_id = self.last_id.max(row.id.parse().unwrap_or_default());
        self.rows.push(row);
    }

    /// The id of a new row.
    pub(super) fn next_id(&mut self, plate: &str) -> String {
        self.last_id += 1;
        match self.switches.ids {
            Ids::Own => self.last_id.to_string(),
            Ids::Plate => plate.to_owned(),
        }
    }

    /// A logged-in request was dealt with: what somebody does right after it happens now.
    pub(super) fn dealt_with(&mut self, target: &str) {
        self.meanwhile.dealt_with(target, &mut self.rows);
    }

    /// The clock of nonces and lock-outs, which the camera's own may be off from.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.settings.clock.now()
    }

    /// What the camera's wall clock shows at this instant.
    pub(super) fn wall_clock(&self, at: DateTime<Utc>) -> NaiveDateTime {
        self.zone.local(at + self.clock_offset)
    }

    /// The list after an accepted write or deletion becomes what it is, as far as the switches let it.
    pub(super) fn commit(&mut self, rows: Vec<Row>) {
        let until = match self.switches.effect {
            Effect::OkNotApplied => return,
            Effect::Applied | Effect::RefusedYetApplied => {
                self.rows = rows;
                return;
            }
            Effect::ShowsAfterReads(reads) => Until::Reads(reads),
            Effect::ShowsAfterSeconds(seconds) => {
                Until::Time(self.now() + TimeDelta::seconds(seconds))
            }
        };
        let before = std::mem::replace(&mut self.rows, rows);
        let shown = self.old.take().map_or(before, |old| old.rows);
        self.old = Some(Old { rows: shown, until });
    }

    /// The list as a read shows it now; counts that read.
    pub(super) fn shown(&mut self) -> Vec<Row> {
        let now = self.now();
        let is_over = match self.old.as_mut().map(|old| &mut old.until) {
            Some(Until::Reads(0)) => true,
            Some(Until::Reads(left)) => {
                *left -= 1;
                false
            }
            Some(Until::Time(until)) => *until <= now,
            None => false,
        };
        if is_over {
            self.old = None;
        }
        self.old.as_ref().map_or(&self.rows, |old| &old.rows).clone()
    }
}
