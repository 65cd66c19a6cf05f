//! Everything a register holds, behind one lock.

use chrono::{DateTime, Utc};

use super::memory::Memory;
use super::pages::Page;
use super::settings::Settings;
use super::switches::Switches;

/// What somebody does to the register between two pages.
type Edit = Box<dyn FnOnce(&mut Memory) + Send>;

/// The register.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) switches: Switches,
    pub(super) memory: Memory,
    /// Pages that were handed out.
    pub(super) pages: Vec<Page>,
    pub(super) violations: Vec<String>,
    /// Wrong logins of this run.
    pub(super) wrong_logins: usize,
    /// By this computer's clock: when the client was told to come again.
    pub(super) not_before: Option<DateTime<Utc>>,
    /// The port of the stranger.
    pub(super) stranger: u16,
    /// Edits, each after so many pages from now on.
    pub(super) meanwhile: Vec<(usize, Edit)>,
}

impl State {
    /// A register as its settings say.
    pub(super) fn new(mut settings: Settings) -> Self {
        Self {
            switches: settings.switches.clone(),
            memory: Memory::new(&mut settings),
            settings,
            pages: Vec::new(),
            violations: Vec::new(),
            wrong_logins: 0,
            not_before: None,
            stranger: 0,
            meanwhile: Vec::new(),
        }
    }

    /// Notes a violation, unless the test wants it.
    pub(super) fn note(&mut self, slug: &str, what: &str) {
        if !self.settings.wanted.contains(&slug) {
            self.violations.push(format!("{slug}: {what}"));
        }
    }

    /// A page was answered: what follows it happens now.
    pub(super) fn answered_page(&mut self) {
        self.meanwhile.iter_mut().for_each(|(left, _)| *left = left.saturating_sub(1));
        let memory = &mut self.memory;
        for (_, edit) in self.meanwhile.extract_if(.., |(left, _)| *left == 0) {
            edit(memory);
        }
    }
}
