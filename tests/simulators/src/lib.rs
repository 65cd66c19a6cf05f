//! The outside world of `ivms-sync`, simulated: a Cardskipper service, Hikvision doors, a Hikvision
//! camera at a gate, HikCentral, parking services, and services of money and duties, as small servers with a memory. They share no code
//! with the client, are stricter than the real things, and list what a client did wrong.
//!
//! * [`club::Club`]: everything at once, both sides in agreement.
//! * [`cardskipper::Server`]: members; Basic login, `Member/Export`, `Organisation/Info`.
//! * [`hikvision::Device`]: persons; Digest login, ISAPI, each quirk of firmware a switch.
//! * [`hikvision_anpr::Camera`]: number plates that a barrier opens for; the same login, both families of
//!   calls, each quirk of firmware a switch.
//! * [`hikcentral::Platform`]: persons of many doors; signed calls, levels, applications to doors.
//! * [`ips::Server`]: sessions, permits and citations of parked cars; cursor pages with tombstones, and
//!   the XML wire of officers' devices.
//! * [`oauth::Server`]: tokens by client credentials, for a service that takes them.
//! * [`parkkihubi::Server`]: parkings and permits of a city's register; pages by number and by cursor, and
//!   a stranger beside it, to whom nobody may go.
//! * [`webhooks::Sender`]: signs events of these services, and hands them over as headers and a body.
//! * [`service::Server`]: what the services of money and duties share: logins, keys of documents, what may
//!   go wrong.
//! * [`teller::Server`]: payments and refunds of a cashier, settlement files, deposits of the bank.
//! * [`aims::Server`]: citations with their evidence, and questions about plates.
//! * [`duncan::Server`]: referrals to a collection agency, and withdrawals, in batches and in files.
//! * [`gtcs::Server`]: reports of a day's revenue.
//! * [`parkeon::Server`]: tariffs of meters.
//! * [`smtp::MailServer`]: takes mail over SMTP, with TLS and login, and keeps it.
//! * [`http`]: the server below both: recorded requests, faults, offline and online, TLS.
//! * [`clock::Clock`], [`zone::Zone`]: the services' own time.
//!
//! ```
//! use ivms_sync_simulators::club::{Club, employee_no};
//! use ivms_sync_simulators::hikvision::{NonceLife, Person};
//! use ivms_sync_simulators::http::Fault;
//!
//! let club = Club::start(20, 2);
//! club.renew(4, "2030-12-31"); // somebody pays at the desk
//! let door = &club.devices[0];
//! door.add_person(Person::new("77").name("Ana Novak").valid("2026-01-01", "2026-06-30"));
//! door.set(|switches| switches.nonce = NonceLife::Uses(8));
//! door.fault(Fault::DropAfter.on("UserInfo/Modify").authenticated().times(1));
//!
//! // … run the client against club.cardskipper.url() and door.url() …
//!
//! assert_eq!(door.person(&employee_no(4)).unwrap().user_type, "normal");
//! assert_eq!(club.violations(), Vec::<String>::new());
//! ```
//!
//! # Violations of a device
//!
//! Lines `slug: what happened`. Login: `basic-authorization`, `unknown-authorization`,
//! `wrong-response-again` (the second in a run), `weaker-digest` (MD5 where SHA-256 is offered),
//! `digest-syntax`, `digest-replay`, `endless-attempts`, `login-while-locked` (after the lock was
//! told). HTTP: `malformed`, `in-flight`,
//! `no-content-length`, `content-type`, `no-format-json`, `unknown-path`, `wrong-method`. Bodies:
//! `password-key`, `enable-false`, `begin-after-end`, `year-after-2037`, `time-type`,
//! `read-only-field`, `control-field`, `unclear-person`, `empty-delete`. Calls: `remote-control`, `setup-used`,
//! `record-used`, `delete-used`, `no-read-back`.
//!
//! # Violations of a camera
//!
//! Login and HTTP as of a device. Bodies: `not-understood`, `unknown-field`, `field-type`,
//! `unknown-word` (for a list), `plate-form` (separators, lower case), `plate-twice`, `too-many-rows`,
//! `empty-write`, `no-end`, `begin-after-end`, `block-list`. Deletions: `empty-delete`, `delete-all`,
//! `no-delete-flag`. Calls: `whole-list-put`, `stranger-changed`, `stranger-deleted`, `barrier-control`,
//! `no-read-back`.
//!
//! # Violations of the platform
//!
//! Account: `bad-signature-again` (the second in a run), `signed-but-absent` (a header), `content-md5`
//! (not of this body), `nonce-again`, `secret-sent`. HTTP: `malformed`, `in-flight`, `rate`, `too-soon`
//! (than `Retry-After`), `no-content-length`, `content-type`, `wrong-method`, `no-prefix`
//! (`/artemis/api/`), `query`, `path-not-allowed`, `add-used`, `delete-used`. Lists: `page-size`. Updates:
//! `unread-write` (the person was not shown in this run), `no-read-back`, `drops-field`,
//! `changes-field`, `drops-cards`, `changes-cards`, `empty-array`, `biometrics`, `unknown-field`,
//! `time-form`, `half-window`, `begin-after-end`, `after-2037`. Applications: `reapplied-everybody`.
//!
//! # Violations of the service
//!
//! `malformed`, `unknown-authorization`, `get-with-body`, `no-content-length`, `content-type`,
//! `unknown-path`, `import-used`, `wrong-method`, `only-active-with-changed-at`, `not-modelled`,
//! `bad-xml`, `wrong-root`, `criteria-order`, `criteria-twice`, `criteria-unknown`,
//! `criteria-empty`, `criteria-text`, `criteria-value`, `changed-at-form`, `organisation-missing`.
//!
//! # Violations of IPS
//!
//! Login: `no-login`, `unknown-authorization`, `wrong-login`, `wrong-login-again` (the second in a run),
//! `key-in-query`. HTTP: `malformed`, `too-soon` (than `Retry-After`), `unknown-path`, `wrong-method`,
//! `accept`. Seed wire: `get-with-body`, `query-form` (not encoded as it must be), `unknown-parameter`,
//! `parameter-twice`, `empty-parameter`, `plate-in-query`, `since-form`, `since-in-future`,
//! `since-without-inactive` (cancelled permits would not show), `flag-form`, `unknown-zone`,
//! `unknown-type`, `from-missing` (of citations, which the wire calls violations), `from-form`, `to-form`,
//! `empty-period` (`to` is not after `from`), `cursor-unknown` (never handed out for this path), `cursor-again` (after a success),
//! `cursor-parameters` (not those of the first page). XML wire: `no-content-length`, `content-type`,
//! `unknown-parameter`, `bad-xml`, `dtd`, `wrong-root`, `unknown-element`, `unknown-attribute`,
//! `element-twice`, `element-empty`, `nothing-asked`, `unknown-zone`.
//!
//! With tokens: `old-token` (revoked), `old-token-again`, and of their server `expired-token` (its end was
//! told), `wrong-client`,
//! `wrong-client-again`, `client-elsewhere` (not where it must say who it is), `authorization-form`,
//! `content-type`, `form`, `json`, `not-utf8`, `field-twice`, `unknown-field`, `grant-type`, `scope`,
//! `unknown-path`, `unknown-parameter`, `wrong-method`, `no-content-length`, `malformed`.
//!
//! # Violations of Parkkihubi
//!
//! Login: `no-login`, `unknown-authorization`, `wrong-token`, `wrong-token-again` (the second in a run),
//! `token-in-query`. HTTP: `malformed`, `too-soon` (than `Retry-After`), `unknown-path` (also without the
//! closing slash), `wrong-method`, `get-with-body`, `accept`. Queries: `query-form` (not encoded as it must
//! be), `unknown-parameter`, `parameter-twice`, `empty-parameter`, `plate-in-query`, `no-time` (of
//! parkings), `time-form`, `page-size`. Pages: `page-unknown` (never handed out since the first page, or in
//! this run), `page-parameters` (not those it was handed out with), `page-again` (after a success),
//! `page-backwards` (told as `previous`). The stranger: `followed-elsewhere`, `token-elsewhere`.
//!
//! # Violations of the services of money and duties
//!
//! All of them. Login: `no-login`, `wrong-login`, `wrong-login-again` (the second in a run),
//! `secret-in-target`, and with tokens `old-token-again` (it was refused before), `new-token-again` (the
//! second one in a row that is dead). HTTP: `malformed`, `too-soon` (than `Retry-After`), `unknown-path`,
//! `wrong-method`, `accept`, `get-with-body`, `no-content-length`, `content-type`, `too-large`, `query-form`,
//! `unknown-parameter`, `empty-parameter`, `parameter-twice`. JSON: `not-utf8`, `json-form`, `json-depth`,
//! `json-twice`, `field-type`, `missing-field`, `empty-field`, `unknown-field`, `unknown-word`,
//! `instant-form`, `date-form`. Amounts: `amount-float`, `amount-text`, `amount-sign`, `amount-size`,
//! `amount-form`, `amount-decimals`. Keys: `key-missing`, `key-twice`, `key-form`, `key-reused` (with
//! another document), `key-expired`, `second-key` (of a document), `not-asked-first` (sent again, though
//! nobody asked what became of it).
//!
//! Teller: `currency`, `personal-data`, `card-number`, `fee-above-amount`, `unknown-payment`,
//! `refund-above-remaining`, `money-twice`.
//!
//! AIMS: `plate-form`, `violation-code`, `officer-name`, `citation-in-future`, `citation-too-old`,
//! `evidence-base64`, `evidence-empty`, `evidence-size`, `evidence-label` (not what the bytes are),
//! `citation-against-right`, `citation-twice`, `contested-sent`, `missing-parameter`.
//!
//! Duncan: `batch-size`, `empty-batch`, `reference-twice`, `amount-number` (not a text), `withdraw-first`,
//! `referred-unknown`, `referred-paid`, `referred-contested`, `referred-on-hold`, `referred-dismissed`,
//! `referred-amount` (not what is owed), `referred-twice`, `referred-withdrawn`, `paid-too-much`,
//! `opened-again`. Its files:
//! `file-cut`, `file-columns`, `file-row`, `file-trailer`, `file-twice`.
//!
//! GTCS: `period-begin`, `period-end`, `day-not-over`, `too-many-transactions`, `account-code`, `outside-day`,
//! `transaction-twice`, `transaction-on-two-days`, `sum-count`, `sum-revenue`, `sum-fees`, `sum-net`,
//! `revision-corrects`, `revision-gap`, `day-doubled`.
//!
//! Parkeon: `no-rates`, `no-duration`, `slot-form`, `slot-overlap`, `no-if-match`, `if-match-twice`,
//! `if-match-any`, `if-match-made-up`, `change-waits`.

pub mod aims;
mod base64;
pub mod cardskipper;
pub mod clock;
pub mod club;
pub mod duncan;
pub mod gtcs;
pub mod hikcentral;
pub mod hikvision;
pub mod hikvision_anpr;
pub mod http;
pub mod ips;
mod isapi;
mod meanwhile;
pub mod oauth;
pub mod parkeon;
pub mod parkkihubi;
pub mod service;
pub mod smtp;
pub mod teller;
#[cfg(test)]
mod testing;
pub mod webhooks;
mod xml;
pub mod zone;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic of another thread: a test that failed says why by itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
