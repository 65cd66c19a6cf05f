//! The words of the field as types: members, roles, persons, windows.
//!
//! Pure: nothing here knows XML, JSON, SQL, a clock or the network. Readers at the border
//! (`cardskipper::wire`, `hikvision::wire`, `link::file`, `config`) build these values, and from
//! there on they are trusted.

mod email;
mod id;
mod limits;
mod member;
mod person;
mod visible;
mod window;

pub use email::Email;
pub use id::{
    DeviceName, EmployeeNo, InvalidId, MemberKey, MemberNumber, OrganisationId, RoleId, RunId,
    SourceName,
};
pub use limits::{DeviceLimits, Manners, ReadBack, WriteManners};
pub use member::{Member, Role, UnreadableRole};
pub use person::{Flaw, Person, PersonLimit, UserType};
pub use visible::{inert_json, inert_lines, steers, visible};
pub use window::{LATEST_END, Window, WindowError, format_time, parse_time};
