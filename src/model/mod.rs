//! What the field is made of, as types: holders, rights, records, windows. Pure.
//!
//! Readers at the border build these values, and from there on they are trusted.

mod account;
mod books;
mod card;
mod change;
mod citation;
mod document;
mod email;
mod gate_row;
mod holder;
mod id;
mod issuer;
mod limits;
mod link;
mod link_row;
mod member_plate;
mod memory;
mod money;
mod parking_right;
mod parking_zone;
mod period;
mod plate;
mod record;
mod rights_row;
#[cfg(test)]
pub(crate) mod testing;
mod visible;
mod who;
mod window;
mod words;
mod zone;

pub use account::{Account, Accounts};
pub use books::{Deposit, LedgerEntry, LedgerKind, RowOddity, SettlementKind, SettlementRow};
pub use card::has_card_number;
pub use change::{Change, Verb};
pub use citation::{Citation, CitationState, Fine};
pub use document::{DocumentId, DocumentKind, DocumentState};
pub use email::Email;
pub use gate_row::{Days, GateRow, OwnRow, RightRef, RowEffect, RowTime, RowVerb};
pub use holder::{Holder, Right, Span, UnreadableRight, full_name};
pub use id::{
    HolderId, HolderNumber, InvalidId, RecordId, RightCode, RunId, SourceName, TargetName,
};
pub use issuer::{Country, Issuer, IssuerRefusal};
pub use limits::{Granularity, ReadBack, TargetLimits, TargetTimes};
pub use link::{LinkRule, NameDigest, Served, StoredLink, StoredLinks};
pub use link_row::{LinkRow, MemberNamed, RowReason, UnusableRow};
pub use member_plate::{MemberPlate, MemberPlateLeftOut};
pub use memory::Memory;
pub use money::{Amount, Currency, MinorUnits, Money, NoCurrency, split};
pub use parking_right::{
    CitationId, ParkingRight, RightHolder, RightId, RightKind, RightState, RightVersion, SpaceId,
    StateWord, TooManyWindows,
};
pub use parking_zone::{ParkingZone, ParkingZoneName, ParkingZones, ZoneDefinition, ZoneProblem};
pub use period::{Ends, NoPeriod, Period, parse_instant};
pub use plate::{CharacterFault, Plate, PlateMatch, PlateRefusal, PlateRules};
pub use record::{
    Flaw, Limit, Record, RecordStanding, Times, fingerprint, fingerprint_by_fields,
    is_same_but_for_dates, is_same_record,
};
pub use rights_row::{RightsRow, RightsRowLeftOut, RightsRowReason};
pub use visible::{escaped, inert_json, is_invisible, printable, printable_lines, steers, visible};
pub use who::{Asked, AskedDocument, AskedThing, NameTyped, Who};
pub use window::{Window, WindowError, format_time, parse_time};
pub use words::{Budget, Cause, Kind, LossKind, Reason};
pub use zone::{UnknownZone, Zone, ZoneOffset};
