//! The commands by name.

/// A command, without what it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandName {
    /// Plans and carries out.
    Sync,
    Diff,
    /// Carries out what was reviewed.
    Apply,
    /// Shows one member everywhere.
    Lookup,
    Check,
    /// Shows what is remembered.
    Status,
    Help,
}

impl CommandName {
    /// The word on the command line and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Diff => "diff",
            Self::Apply => "apply",
            Self::Lookup => "lookup",
            Self::Check => "check",
            Self::Status => "status",
            Self::Help => "help",
        }
    }
}
