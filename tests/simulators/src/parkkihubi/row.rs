//! Parkings as the register keeps them. Plates, zones and ids are raw text, so that a test can serve any.

use chrono::{DateTime, Utc};

/// One car that parks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parking {
    /// `id`, a UUID where it is real.
    pub id: String,
    /// `registration_number`, as the operator sent it: `ABC-123`.
    pub reg_num: String,
    /// Code of the payment zone; `None` is `null`.
    pub zone: Option<String>,
    /// `time_start`.
    pub from: DateTime<Utc>,
    /// `time_end`; `None` has no end.
    pub until: Option<DateTime<Utc>>,
    /// `is_disc_parking`, which is shown only if true.
    pub is_disc: bool,
    /// `created_at`.
    pub created_at: DateTime<Utc>,
    /// `modified_at`.
    pub modified_at: DateTime<Utc>,
}

impl Parking {
    /// A paid parking without end, that was last changed when it began.
    pub fn new(id: &str, reg_num: &str, zone: &str, from: DateTime<Utc>) -> Self {
        Self {
            id: id.into(),
            reg_num: reg_num.into(),
            zone: Some(zone.into()),
            from,
            until: None,
            is_disc: false,
            created_at: from,
            modified_at: from,
        }
    }

    /// Sets the end.
    #[must_use]
    pub fn until(mut self, until: DateTime<Utc>) -> Self {
        self.until = Some(until);
        self
    }

    /// Whether it is good at this instant; both ends are inside.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.until.is_none_or(|until| at <= until)
    }
}

/// A plate as the register compares it: upper case, without hyphens and blanks.
pub(super) fn normal(reg_num: &str) -> String {
    reg_num.to_uppercase().replace(['-', ' '], "")
}
