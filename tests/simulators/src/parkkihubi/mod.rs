//! The enforcement API of Parkkihubi, the register of paid parking and of permits of Helsinki and its
//! kin: the two listings by which a client learns every right that is good.
//!
//! ```
//! use chrono::TimeDelta;
//! use ivms_sync_simulators::clock::Clock;
//! use ivms_sync_simulators::parkkihubi::{Next, Permit, Server, Settings};
//!
//! let now = "2024-01-01T12:00:00Z".parse().unwrap();
//! let later = now + TimeDelta::hours(2);
//! let server = Server::start(Settings { clock: Clock::fixed(now), ..Settings::default() });
//! server.park("ee9feaaa-ebb8-41fc-a6c3-362a3aadb731", "ABC-123", "2", now, Some(later));
//! server.add_permit(Permit::new(7, 1).subject("XYZ-789", now, later).area("B", now, later));
//! server.set(|switches| switches.next = Next::OtherHost);
//!
//! // … run the client against server.url() …
//!
//! assert!(server.has_right("abc 123", "2", later), "the end is inside");
//! assert!(!server.has_right("ABC-123", "2", later + TimeDelta::seconds(1)));
//! assert_eq!(server.calls("valid_parking"), 0);
//! assert_eq!(server.violations(), Vec::<String>::new());
//! ```
//!
//! * `GET {url}/enforcement/v1/valid_permit_item/`, with or without `time`, `page_size`, `cursor`.
//! * `GET {url}/enforcement/v1/valid_parking/?time=…`, with `page`. It cannot be listed without `time`.
//! * [`Settings`]: token, operator, rows at start; [`Switches`]: each quirk, turned with [`Server::set`].
//! * [`crate::http::Fault`]: what connections do. A client whose answer is lost must ask for a page
//!   again: turn [`Switches::pages_again`] then.
//! * [`Server::stranger_url`]: a second server, to which nobody may go, least of all with the token.
//!
//! Nothing is shared with the client. Every request that is not exactly as documented is refused, and
//! listed by [`Server::violations`]; some of them the real thing would answer (see below).
//!
//! # What the real thing does
//!
//! City-of-Helsinki/parkkihubi at e40f9e1; `E/` is `parkings/api/enforcement/`, `M/` is
//! `parkings/models/`. (read) there; (ran) the filters and pages of these two views, copied over a plain
//! table in SQLite, on the versions of its uv.lock, Django 5.2.13, DRF 3.17.1, django-filter 25.2: not the
//! register itself; (believed) neither.
//!
//! * (read) `Authorization: ApiKey TOKEN` (parkings/authentication.py:4). 401 without, 403 with
//!   `"code":"permission_denied"` for who is no enforcer (E/permissions.py:6,
//!   parkings/exception_handler.py:13). (ran) `WWW-Authenticate: ApiKey`, the texts of `detail`; 401 and
//!   403 come before 405; `apikey` and two blanks would be taken, here they are not.
//! * (read) `valid_permit_item`: newest id first, 200 to a page, `page_size` up to 1000
//!   (parkings/pagination.py:8); `next`, `previous`, `results`, no `count`, whatever
//!   docs/api/enforcement.yaml:499 shows; `time` is optional (test_valid_permit_item.py:67) and without
//!   it past and future items come too.
//! * (read) `valid_parking`: 100 to a page (parkkihubi/settings.py:188), `count`, `next`, `previous`,
//!   `results`, ordered by `-time_end`, which is no total order (E/valid_parking.py:104). Either
//!   `reg_num` or `time` is required, else 400 with a bare list (E/valid_parking.py:73): one instant can
//!   be listed whole, the future cannot. (ran) `page_size` is ignored there. (believed) Those without end
//!   come first, as PostgreSQL sorts.
//! * (read) If nothing is valid, `valid_parking` shows the one that ended last within 15 minutes, of
//!   the plate asked for (E/valid_parking.py:108); without `reg_num` that is the empty plate, of rows
//!   that were anonymised. That one without end is left out here: it would be valid.
//! * (read, ran) A `time` that cannot be understood, with a bare `+` say, is ignored by `valid_parking`,
//!   which then lists everything that ever was (`is_valid` is always true, E/valid_parking.py:73); 400 at
//!   the other. Here it is refused at both. (ran) An instant without offset is taken as UTC by both, and
//!   unknown parameters are ignored; here they are refused.
//! * (read) Both ends are inside (M/parking.py:34, M/permit.py:362). Ends are shown without their
//!   fraction (E/valid_parking.py:30).
//! * (read) A permit is subjects times areas, each with a window; an item is where two meet, also for
//!   one instant (M/permit.py:282). Only active series are listed. Each save of a permit makes items
//!   with new ids (M/permit.py:248), so neither ids of items nor, over series, of permits are lasting.
//! * (read) `registration_number` of items is upper case without hyphens and blanks (M/permit.py:314);
//!   that of parkings is as the operator sent it. Both may be empty (M/mixins.py:7).
//! * (read) `zone` is a number if its code is digits, else a text, or null (M/zone.py:28,
//!   E/valid_parking.py:38); `time_end` is null or a configured replacement (E/valid_parking.py:44);
//!   `is_disc_parking` is there only if true (:41); `operator`, `operator_name` of items, `properties`
//!   may be null (docs/api/enforcement.yaml:193), and so may `area` by its model (M/permit.py:386).
//! * (ran) A cursor is Base64 of `p=ID`, the last id shown; a page that is not there is 404 with
//!   `Invalid page.` or `Invalid cursor`. Pages are queries of their moment, not of a snapshot. So
//!   (believed) rows shift between pages of parkings, a page may cease to be, and a change-over of series
//!   tears a listing of items.
//! * (ran) `next` is absolute, from the `Host` header, parameters in the order of the alphabet.
//!   (believed) No setting tells Django of a proxy's TLS, so `next` may say `http` where the client said
//!   `https`.
//! * (ran) JSON is sent for `application/json` and `*/*`, a page for people for `text/html`, else 406. A
//!   path without its closing slash is answered 301. (believed) 429 comes from no one but a proxy.

mod answer;
mod listing;
mod memory;
mod pages;
mod permit;
mod query;
mod render;
mod route;
mod row;
mod server;
mod settings;
mod state;
mod stranger;
mod switches;
#[cfg(test)]
mod tests;
mod times;

pub use memory::Memory;
pub use permit::{Area, Item, Permit, Subject};
pub use render::PERSONAL_MARKS;
pub use row::Parking;
pub use server::Server;
pub use settings::Settings;
pub use switches::*;
pub use times::Instants;
