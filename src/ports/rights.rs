//! A service of parking rights: it lists who may stand where, and is never written to.

use chrono::{DateTime, Utc};
use smol_str::SmolStr;

use super::{Class, Failure};
use crate::model::{
    CitationId, CitationState, Fine, Period, RightCode, RightId, RightKind, RightState,
};

/// One right as its service says it; plates and zones are texts still, since what they mean is the
/// configuration's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRight {
    /// What the service calls it, or a digest of the entry where it cannot be named.
    pub id: RightId,
    /// What its holder knows it by, where that is another name: the number on a permit.
    pub number: Option<RightId>,
    /// What it is cannot be told: nobody has it, and its cars are in doubt.
    pub is_unreadable: bool,
    pub kind: RightKind,
    pub state: RightState,
    /// The cars that hold it: the plate and its issuer, which may be empty.
    pub plates: Vec<ListedPlate>,
    /// Where it holds, in the service's words; `None`: everywhere.
    pub zones: Option<Vec<SmolStr>>,
    /// When it holds; `Err` where its dates are none or cannot be right, with the later one, as far as that
    /// is sure.
    pub period: Result<Period, Option<DateTime<Utc>>>,
    /// When the service last changed it. Of two of one id the newer one counts.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A plate as a service spells it.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedPlate {
    pub text: SmolStr,
    /// `CT`, or empty.
    pub issuer: SmolStr,
}

impl std::fmt::Debug for ListedPlate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ListedPlate(not shown)")
    }
}

/// What one listing brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RightsListing {
    /// In the order of the answers; an id may occur twice.
    pub rights: Vec<ListedRight>,
    /// Ids of rights that are there no more.
    pub deleted: Vec<RightId>,
    /// Entries that are about no car.
    pub nameless: usize,
    /// The service's own clock at the first answer, as the listing states it.
    pub as_of: Option<DateTime<Utc>>,
    /// The service's own clock, as HTTP states it.
    pub server_time: Option<DateTime<Utc>>,
    /// All of the part, also where changes were asked for.
    pub is_whole: bool,
    /// What runs at this moment alone: many may be gone between two listings.
    pub is_live: bool,
}

/// One citation as its service says it; plate and zone are texts still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCitation {
    pub id: CitationId,
    pub plate: ListedPlate,
    pub zone: Option<String>,
    /// What it is about: `EXPIRED_METER`.
    pub kind: Option<RightCode>,
    pub at: DateTime<Utc>,
    pub state: CitationState,
    /// Nothing where it cannot be read for certain.
    pub fine: Option<Fine>,
    pub updated_at: Option<DateTime<Utc>>,
}

/// What one listing of citations brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CitationListing {
    /// In the order of the answers; an id may occur twice.
    pub citations: Vec<ListedCitation>,
    /// Ids of citations that are there no more.
    pub deleted: Vec<CitationId>,
    /// Entries that have no name or no instant: nothing can be said of them.
    pub unreadable: usize,
    /// The service's own clock at the first answer, as the listing states it.
    pub as_of: Option<DateTime<Utc>>,
}

/// A connection to one service of rights.
pub trait RightsService: Send {
    /// Lists the rights of a part: those changed at or after a moment of the service's clock, or all. `at` is now.
    ///
    /// # Errors
    /// [`Failure`]; none of them means that there are no rights. A listing that is not whole is one.
    fn list(
        &self,
        part: &str,
        since: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<RightsListing, Failure>;

    /// Lists the citations from an instant on: all, or those changed at or after a moment of the service's clock.
    ///
    /// # Errors
    /// [`Failure`]; a listing that is not whole is one. So is a service that has none.
    fn citations(
        &self,
        from: DateTime<Utc>,
        since: Option<DateTime<Utc>>,
    ) -> Result<CitationListing, Failure> {
        let _ = (from, since);
        Err(Failure::new(Class::Refused, false, &"lists no citations", None))
    }
}
