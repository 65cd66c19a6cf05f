//! What every simulated Hikvision device has: Digest login with a lock-out, handling of connections,
//! forms of errors, the calls about the device itself, and what no client may do at any of them.

pub(crate) mod answers;
mod challenge;
pub mod digest;
pub(crate) mod gate;
pub(crate) mod line;
pub(crate) mod login;
pub(crate) mod manners;
pub(crate) mod switches;
pub(crate) mod system;
