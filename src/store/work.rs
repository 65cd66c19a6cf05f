//! How much was asked of the state file, for the log: what a tick costs must not grow with the club.

use std::cell::Cell;

use rusqlite::{Statement, StatementStatus};

/// What is said when the file is closed.
#[derive(Debug, Default)]
pub(super) struct Work {
    statements: Cell<u64>,
    /// Rows of answers.
    rows: Cell<u64>,
    /// Steps of SQLite, which count what it looks at for an answer, too.
    steps: Cell<u64>,
    /// Pieces of work that were written.
    commits: Cell<u64>,
}

impl Work {
    pub(super) fn ran(&self, statement: &Statement<'_>) {
        self.statements.set(self.statements.get() + 1);
        let steps = statement.reset_status(StatementStatus::VmStep);
        self.steps.set(self.steps.get() + u64::try_from(steps).unwrap_or_default());
    }

    pub(super) fn read_row(&self) {
        self.rows.set(self.rows.get() + 1);
    }

    pub(super) fn committed(&self) {
        self.commits.set(self.commits.get() + 1);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let Self { statements, rows, steps, commits } = self;
        log::debug!(
            "state file: {} statements, {} rows read, {} steps, {} commits",
            statements.get(),
            rows.get(),
            steps.get(),
            commits.get()
        );
    }
}
