//! Identities for tests, which say nothing of how they are made.

use chrono::DateTime;

use super::{Citation, CitationId, CitationState, Holder, HolderId, SourceName, TargetTimes, Zone};

/// What a kind of targets takes that says nothing else.
pub(crate) const TIMES: TargetTimes = TargetTimes::of_years(2000, 2037);

pub(crate) fn source(name: &str) -> SourceName {
    SourceName::new(name).unwrap()
}

/// Citation `v1` of `street`, as it stands since so many seconds after 1970.
pub(crate) fn citation(state: CitationState, updated_at: Option<i64>) -> Citation {
    Citation {
        source: source("street"),
        id: CitationId::new("v1").unwrap(),
        plate: None,
        zone: None,
        kind: None,
        at: DateTime::UNIX_EPOCH,
        state,
        fine: None,
        updated_at: updated_at.and_then(|second| DateTime::from_timestamp(second, 0)),
    }
}

/// A time zone by its name.
pub(crate) fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

/// One of `club`.
pub(crate) fn holder(text: &str) -> HolderId {
    HolderId::new(source("club"), text).unwrap()
}

/// A member without anything but an identity and the number in it.
pub(crate) fn bare(key: HolderId) -> Holder {
    Holder {
        number: key.human().parse().ok(),
        key,
        first_name: String::new(),
        last_name: String::new(),
        email: None,
        inactive: false,
        roles: vec![],
        unreadable: vec![],
    }
}

/// The same human being, of whom no more is said.
pub(crate) fn undated(key: &HolderId) -> HolderId {
    HolderId::new(key.source.clone(), key.human()).unwrap()
}
