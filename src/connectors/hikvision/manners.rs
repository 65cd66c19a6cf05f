//! How a device wants to be asked and changed, as far as that was learnt.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a device wants to be asked, learnt from connections that it closed and requests that it left without
/// an answer. The default is what most devices take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manners {
    /// It answers one request on a connection, and no second one: it closes the connection without a word,
    /// or was seen to leave a request on it without an answer.
    pub one_request_per_connection: bool,
    /// The least time from one request to the next.
    pub pause: Duration,
}

/// How a firmware takes changes of persons, learnt from what it refused. The default is what is documented.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteManners {
    /// It takes `POST` where `PUT` is documented.
    pub by_post: bool,
    /// Fields of a person that it refuses to be sent, and keeps all the same.
    pub dropped: BTreeSet<String>,
}

/// The form in which it is remembered.
pub const REMEMBERED_FORM: u32 = 1;

/// What is remembered of a device between runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// How it wants to be asked.
    pub manners: Manners,
    /// The firmware that the other fields are about.
    pub firmware: String,
    /// How that firmware takes changes.
    pub writes: WriteManners,
    /// The fields of a person that its capabilities name.
    pub fields: Vec<String>,
}
