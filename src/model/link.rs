//! Links that were made: which member is which person, and by which rule.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use foldhash::fast::RandomState;

use super::{HolderId, RecordId, Window};
use crate::text::words::words;

words! {
    /// How a member was found to be a person.
    pub enum LinkRule {
        /// A link file holds the member's e-mail beside the person id.
        File = "file",
        /// The device holds the member's e-mail.
        DeviceEmail = "device-email",
        /// The member number is the `employeeNo`, and the name agrees.
        HolderNumber = "member-number",
        /// Somebody who looked has said so (`sync --accept-link`). No rule of the configuration.
        Accepted = "accepted",
    }
}

/// A name as a number: the sum of the digests of its words, without case, accents and order; 0 for no
/// name. Equal names have equal numbers, and others very likely have others. It is stored.
pub type NameDigest = i64;

/// A link that an earlier run made: the person was read on the door under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLink {
    /// The person it leads to.
    pub employee_no: RecordId,
    /// The rule that made it.
    pub rule: LinkRule,
    /// The name on the door when the link was made or last agreed with, as a digest.
    pub name: NameDigest,
    /// The member's e-mail at that time, as a digest; 0 for none.
    pub email: i64,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The paid time that was last kept in sync there, if there ever was any.
    pub served: Option<Served>,
}

/// Paid time of a member that was kept in sync on a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// The paid time, as the door takes it.
    pub window: Window,
    /// Somebody who looked has accepted that the member is served no more.
    pub is_loss_accepted: bool,
}

/// What is remembered of the links of one device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredLinks {
    /// The links that hold, by member.
    pub links: HashMap<HolderId, StoredLink, RandomState>,
    /// Members who were linked to a person before and are linked to another one since.
    pub former: BTreeMap<RecordId, BTreeSet<HolderId>>,
}
