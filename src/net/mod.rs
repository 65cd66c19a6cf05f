//! What every connection needs: limits, pauses, counts, and plain words for what a network says.

pub(crate) mod agent;
pub mod bounded;
pub mod certificate;
pub(crate) mod oauth;
pub mod requests;
pub(crate) mod retry;
pub(crate) mod service;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod tls;
pub(crate) mod words;
