//! What every JSON document begins with.

use serde::Serialize;

use crate::command::CommandName;

/// The first fields of every document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Head {
    version: u32,
    /// The command that wrote it.
    command: CommandName,
}

impl Head {
    #[must_use]
    pub fn of(command: CommandName) -> Self {
        Self { version: 1, command }
    }
}
