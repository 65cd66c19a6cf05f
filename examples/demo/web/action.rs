//! What can be done on the page.

use serde::Deserialize;

/// One press of a button, as the page sends it: `{"action":"extend","member":150004}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// A member pays for another year.
    Extend {
        /// Member number.
        member: u64,
    },
    /// A membership ended yesterday.
    Cancel {
        /// Member number.
        member: u64,
    },
    /// A member is marked inactive.
    Inactivate {
        /// Member number.
        member: u64,
    },
    /// A member is marked active again.
    Activate {
        /// Member number.
        member: u64,
    },
    /// Nobody can reach a door any more.
    Unplug {
        /// Its name in the configuration.
        door: String,
    },
    /// It can be reached again.
    Plug {
        /// Its name in the configuration.
        door: String,
    },
    /// Cardskipper lists nobody.
    EmptyExport,
    /// Cardskipper lists everybody again.
    MendExport,
    /// `ivms-sync diff`
    Diff,
    /// `ivms-sync sync`, five minutes after the last one.
    Sync,
    /// A month goes by, with a `sync` every day.
    Month,
    /// The club is as it was in the beginning.
    StartOver,
    /// `ivms-sync apply --blocked ID`
    Approve,
    /// `ivms-sync lookup NUMBER`
    Lookup {
        /// Member number.
        member: u64,
    },
}
