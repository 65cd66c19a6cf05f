//! Counts the requests to one target; the client that sends them and the run that tells of them share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A count of HTTP requests. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct RequestCount(Arc<AtomicU64>);

impl RequestCount {
    /// One more was sent.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were sent so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
