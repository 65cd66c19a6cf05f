//! Simulated outside world.

pub mod http;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic of another thread: a test that failed says why by itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
