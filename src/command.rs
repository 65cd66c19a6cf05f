//! The commands by name.

use crate::text::words::words;

words! {
    /// A command, without what it was given.
    #[derive(Default)]
    pub enum CommandName {
        /// Makes a first configuration.
        Init = "init",
        /// Plans and carries out.
        #[default]
        Sync = "sync",
        Diff = "diff",
        /// Carries out what was reviewed.
        Apply = "apply",
        /// Shows one member everywhere.
        Lookup = "lookup",
        Check = "check",
        /// Shows what is remembered.
        Status = "status",
        Help = "help",
    }
}
