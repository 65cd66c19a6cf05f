//! Everything a service holds in its memory, behind one lock.

use chrono::{DateTime, Utc};

use super::citation::Citation;
use super::listing::Cursor;
use super::row::{Permit, Row, Session};
use super::settings::Settings;
use super::switches::Switches;
use super::table::Table;

/// The memory of one service.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) switches: Switches,
    pub(super) sessions: Table<Session>,
    pub(super) permits: Table<Permit>,
    pub(super) citations: Table<Citation>,
    pub(super) cursors: Vec<Cursor>,
    /// How many listings were begun.
    pub(super) listings: usize,
    pub(super) violations: Vec<String>,
    /// Wrong logins of this run: on the seed wire, on the XML wire.
    pub(super) wrong_logins: [usize; 2],
    /// By this computer's clock: when the client was told to come again.
    pub(super) not_before: Option<DateTime<Utc>>,
}

impl State {
    /// A service as its settings say.
    pub(super) fn new(mut settings: Settings) -> Self {
        Self {
            switches: settings.switches.clone(),
            sessions: Table::new(std::mem::take(&mut settings.sessions)),
            permits: Table::new(std::mem::take(&mut settings.permits)),
            citations: Table::new(std::mem::take(&mut settings.citations)),
            settings,
            cursors: Vec::new(),
            listings: 0,
            violations: Vec::new(),
            wrong_logins: [0, 0],
            not_before: None,
        }
    }

    /// Notes a violation, unless the test wants it.
    pub(super) fn note(&mut self, slug: &str, what: &str) {
        if !self.settings.wanted.contains(&slug) {
            self.violations.push(format!("{slug}: {what}"));
        }
    }

    /// The service's time.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.settings.clock.now()
    }

    /// Whether this is the plate of a row, however it is written.
    pub(super) fn knows_plate(&self, text: &str) -> bool {
        let text = bare(text);
        let sessions = self.sessions.rows.iter().map(|stored| stored.row.plate());
        let permits = self.permits.rows.iter().map(|stored| stored.row.plate());
        let citations = self.citations.rows.iter().map(|stored| stored.row.plate());
        let gone = self.sessions.gone.iter().map(|gone| gone.row.plate());
        let mut plates = sessions.chain(permits).chain(citations).chain(gone);
        !text.is_empty() && plates.any(|plate| bare(plate) == text)
    }
}

/// Letters and digits of a plate.
fn bare(plate: &str) -> String {
    plate.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}
