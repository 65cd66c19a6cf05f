//! What the services of money and duties have in common: manners of HTTP, logins, keys of documents,
//! what may go wrong, and a list of what a client did wrong.
//!
//! A document is sent by `POST` with a header `Idempotency-Key`, a UUID of version 5 that is the same for
//! ever. `GET /idempotency-keys/{key}` tells the state of the document that came under a key, and each
//! service tells it by the document's own id.
//!
//! # What is known, and what is not
//!
//! * (seen) By the draft of the header: 400 without a key, 422 for a key with another document, 409 while
//!   the first one is being dealt with.
//! * (seen) One large provider replays what a key was answered, also a 500
//!   ([`Troubles::replays_failures`]); keys live 24 hours there, elsewhere 30 minutes or 30 days
//!   ([`Troubles::key_lives`]).
//! * (ran) A 500 may mean that the document is there already ([`Mishap::FailsAfter`]).
//! * (ours) Paths, the question for a key, the header `Idempotent-Replayed`.
//!
//! Stricter than any vendor: a document that comes under a second key (`second-key`), that is sent again
//! after a lost answer though its state could have been asked (`not-asked-first`), or after its key's
//! life (`key-expired`), is a violation even if no harm was done. Unknown members and parameters are
//! refused. JSON is read by a reader of its own, which keeps numbers as they were written.

mod call;
mod fields;
mod json;
mod keys;
mod money;
mod problem;
mod query;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod troubles;

pub use call::Call;
pub use json::Json;
pub use money::major;
pub use problem::Problem;
pub use server::{Server, Service, State};
pub use settings::{Login, Settings};
pub use troubles::{Mishap, RetryAfter, Troubles};

pub(crate) use fields::Fields;
pub(crate) use json::quote;
pub(crate) use money::from_text;
pub(crate) use problem::{json, problem};
pub(crate) use query::{decode, instant};
