//! Exit codes: a promise to scripts, in one place.
//!
//! The table of `help exit-codes` is held against this file by a test.

use std::process::ExitCode;

use crate::command::CommandName;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// In step, or everything applied, or another run is at work and younger than 10 minutes.
    InStep,
    /// A bug, or anything not named here.
    Bug,
    /// `diff --exit-code` only: changes are pending.
    ChangesPending,
    /// Part of the changes failed; they will be tried again next tick.
    PartFailed,
    /// A safety rule refused something: a person must look.
    Refused,
    /// Temporary: a source, or every target, could not be reached, or a link file that was read
    /// before cannot be read now.
    Temporary,
    /// The state file is damaged or from a newer version, or this host's clock is wrong.
    Fatal,
    /// The time limit was reached; the rest next tick.
    TimeLimit,
    /// Another run has held the lock for more than 10 minutes.
    LockHeld,
    /// A login was refused, a call right is missing, or a device has locked us out.
    Login,
    /// The plan is stale or expired.
    StalePlan,
    /// `lookup`, `--only`, `history --member`: nobody found.
    NobodyFound,
    /// `lookup`: found, but a device differs from what it should hold.
    DeviceDiffers,
    /// `lookup`: a right is known, but not for here and now.
    NotHereAndNow,
    /// The command line cannot be understood.
    Usage,
    /// A document, an event or a file that was handed over is not acceptable.
    Unacceptable,
    /// An event is not proven: its signature, its time or its bearer is wrong.
    NotProven,
    /// The configuration cannot be used.
    Config,
    /// Interrupted by SIGINT, journal closed.
    Interrupted,
    /// Interrupted by SIGTERM, journal closed.
    Terminated,
}

impl Exit {
    /// Every exit, in the order of their codes.
    pub const ALL: [Self; 20] = [
        Self::InStep,
        Self::Bug,
        Self::ChangesPending,
        Self::PartFailed,
        Self::Refused,
        Self::Temporary,
        Self::Fatal,
        Self::TimeLimit,
        Self::LockHeld,
        Self::Login,
        Self::StalePlan,
        Self::NobodyFound,
        Self::DeviceDiffers,
        Self::NotHereAndNow,
        Self::Usage,
        Self::Unacceptable,
        Self::NotProven,
        Self::Config,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::InStep => 0,
            Self::Bug => 1,
            Self::ChangesPending => 2,
            Self::PartFailed => 3,
            Self::Refused => 4,
            Self::Temporary => 5,
            Self::Fatal => 7,
            Self::TimeLimit => 8,
            Self::LockHeld => 11,
            Self::Login => 12,
            Self::StalePlan => 13,
            Self::NobodyFound => 20,
            Self::DeviceDiffers => 21,
            Self::NotHereAndNow => 22,
            Self::Usage => 64,
            Self::Unacceptable => 65,
            Self::NotProven => 77,
            Self::Config => 78,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The exit with a number, if there is one.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }

    /// What it means to a script, in one line.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::InStep => {
                "in sync, or everything applied, or another run has been at work for less than 10 minutes"
            }
            Self::Bug => "a bug, or anything not named here",
            Self::ChangesPending => "diff --exit-code: changes are pending",
            Self::PartFailed => {
                "part of the changes failed, or a door could not be used; tried again next run"
            }
            Self::Refused => {
                "a safety rule refused something, or a file would be overwritten: a person must look"
            }
            Self::Temporary => {
                "temporary: something cannot be reached or read now, or cannot be said of a plate"
            }
            Self::Fatal => {
                "the state file cannot be used, a file cannot be written, or this computer's clock is wrong"
            }
            Self::TimeLimit => "the time limit was reached; the rest next run",
            Self::LockHeld => "another run has held the lock for more than 10 minutes",
            Self::Login => "a login was refused, a right is missing, or a door has locked us out",
            Self::StalePlan => "the plan is stale, expired, was changed, or cannot be read",
            Self::NobodyFound => {
                "lookup, --only, history --member: nobody found; lookup of a plate: no right is known"
            }
            Self::DeviceDiffers => "lookup: found, but a door differs from what it should hold",
            Self::NotHereAndNow => "lookup: a right is known, but not for here and now",
            Self::Usage => "the command line cannot be understood",
            Self::Unacceptable => "a document that was handed over is not acceptable",
            Self::NotProven => "apply --event: its signature, its time or its bearer is wrong",
            Self::Config => "the configuration cannot be used",
            Self::Interrupted => {
                "interrupted by SIGINT, once the change that was being made was complete"
            }
            Self::Terminated => {
                "ended by SIGTERM, once the change that was being made was complete"
            }
        }
    }

    /// Those that a command may end with beside 1, which is a bug wherever it comes.
    #[must_use]
    pub const fn of_command(command: CommandName) -> &'static [Self] {
        use Exit::*;
        match command {
            CommandName::Init => &[
                InStep,
                PartFailed,
                Refused,
                Temporary,
                Fatal,
                Login,
                Usage,
                Config,
                Interrupted,
                Terminated,
            ],
            CommandName::Sync => &[
                InStep,
                PartFailed,
                Refused,
                Temporary,
                Fatal,
                TimeLimit,
                LockHeld,
                Login,
                NobodyFound,
                Usage,
                Config,
                Interrupted,
                Terminated,
            ],
            CommandName::Diff => &[
                InStep,
                ChangesPending,
                PartFailed,
                Refused,
                Temporary,
                Fatal,
                Login,
                NobodyFound,
                Usage,
                Unacceptable,
                Config,
                Interrupted,
                Terminated,
            ],
            CommandName::Apply => &[
                InStep,
                PartFailed,
                Refused,
                Temporary,
                Fatal,
                TimeLimit,
                LockHeld,
                Login,
                StalePlan,
                Usage,
                Unacceptable,
                NotProven,
                Config,
                Interrupted,
                Terminated,
            ],
            CommandName::Lookup => &[
                InStep,
                PartFailed,
                Refused,
                Temporary,
                Fatal,
                Login,
                NobodyFound,
                DeviceDiffers,
                NotHereAndNow,
                Usage,
                Unacceptable,
                Config,
                Interrupted,
                Terminated,
            ],
            CommandName::Check => &[
                InStep,
                PartFailed,
                Refused,
                Temporary,
                Fatal,
                Login,
                Usage,
                Config,
                Interrupted,
                Terminated,
            ],
            // Over several configurations, the worst of their last runs.
            CommandName::Status => &[
                InStep,
                PartFailed,
                Refused,
                Temporary,
                Fatal,
                TimeLimit,
                LockHeld,
                Login,
                StalePlan,
                NobodyFound,
                Usage,
                Config,
                Interrupted,
                Terminated,
            ],
            CommandName::History => &[InStep, Temporary, Fatal, NobodyFound, Usage, Config],
            CommandName::Help => &[InStep, Usage],
        }
    }

    /// What it says of a run, in a few words for a person.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::InStep => "nothing failed",
            Self::ChangesPending => "changes are pending",
            Self::PartFailed => "part of it was not done",
            Self::Refused => "a safety rule held something back",
            Self::Temporary => "what it needed could not be reached, or gave no answer",
            Self::Fatal => "the state file, this computer's disk or its clock is wrong",
            Self::TimeLimit => "out of time",
            Self::LockHeld => "another run was at work for too long",
            Self::Login => "a login was refused",
            Self::StalePlan => "the plan did not fit any more",
            Self::NobodyFound => "nobody was found",
            Self::DeviceDiffers => "a door differs",
            Self::NotHereAndNow => "no right for here and now",
            Self::Usage => "the command line was not understood",
            Self::Unacceptable => "a document was not acceptable",
            Self::NotProven => "an event was not proven",
            Self::Config => "the configuration cannot be used",
            Self::Interrupted | Self::Terminated => "interrupted",
            Self::Bug => "failed",
        }
    }

    /// The one exit that several findings come to: being interrupted comes first, then 12, 7, 77, 4,
    /// 11, 13, 65, 3, 5, 8, then everything else in the order of the codes; with none, all is well.
    #[must_use]
    pub fn of_all(found: impl IntoIterator<Item = Self>) -> Self {
        found.into_iter().min_by_key(|exit| exit.rank()).unwrap_or(Self::InStep)
    }

    /// The smaller, the worse.
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Self::Interrupted | Self::Terminated => 0,
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Login => 4,
            Self::Fatal => 5,
            Self::NotProven => 6,
            Self::Refused => 7,
            Self::LockHeld => 8,
            Self::StalePlan => 9,
            Self::Unacceptable => 10,
            Self::PartFailed => 11,
            Self::Temporary => 12,
            Self::TimeLimit => 13,
            Self::NobodyFound => 14,
            Self::DeviceDiffers => 15,
            Self::NotHereAndNow => 16,
            Self::ChangesPending => 17,
            Self::InStep => 18,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_wins_in_the_order_of_the_contract() {
        let order = [
            Exit::Login,
            Exit::Fatal,
            Exit::NotProven,
            Exit::Refused,
            Exit::LockHeld,
            Exit::PartFailed,
            Exit::Temporary,
            Exit::TimeLimit,
        ];
        for (place, first) in order.iter().enumerate() {
            let rest = order.iter().skip(place).rev().copied();
            assert_eq!(Exit::of_all(rest), *first);
        }
        assert_eq!(Exit::of_all([]), Exit::InStep);
    }

    #[test]
    fn a_code_leads_back_to_its_exit() {
        for exit in Exit::ALL {
            assert_eq!(Exit::from_code(exit.code()), Some(exit));
            assert!(!exit.in_words().is_empty());
        }
        assert_eq!(Exit::from_code(6), None);
    }

    #[test]
    fn no_two_exits_share_a_code() {
        let codes: std::collections::BTreeSet<u8> =
            Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes.len(), Exit::ALL.len());
    }
}
