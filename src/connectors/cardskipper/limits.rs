//! How long a call may take, and how much may come.

use std::time::Duration;

use crate::net::retry::Rule;

/// The largest answer taken, decompressed. A member takes about 600 bytes, so this is more than
/// 400,000 of them; the limit keeps a compressed bomb or an endless answer from filling the memory.
pub const MAX_EXPORT_BYTES: usize = 256 * 1024 * 1024;

/// How a call is repeated that found nobody home, or a service that said "not now". Every call here is
/// a query, so repeating it is harmless; the waits are short, since the next tick is a retry as well.
pub(super) const RETRY: Rule = Rule {
    repeats_max: 2,
    first: Duration::from_millis(500),
    longest: Duration::from_secs(2),
    in_all: Duration::from_secs(20),
};

/// How long and how much; a test makes them small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// To find the host, and to get a connection: a host that is there answers at once.
    pub connect: Duration,
    /// A whole export with its body: a large club takes the service some time to gather.
    pub export: Duration,
    /// A whole `Organisation/Info`, a few kilobytes.
    pub info: Duration,
    /// See [`MAX_EXPORT_BYTES`].
    pub bytes: usize,
    /// How a call is repeated, within its own limit.
    pub retry: Rule,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            export: Duration::from_secs(60),
            info: Duration::from_secs(15),
            bytes: MAX_EXPORT_BYTES,
            retry: RETRY,
        }
    }
}
