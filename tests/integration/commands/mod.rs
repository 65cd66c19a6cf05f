//! The program as users and scripts meet it: exit codes, locks, signals, documents, secrets.

mod check;
mod documents;
mod leaks;
mod line;
mod runs;
mod schema;
mod secrets;
mod status;
mod texts;

/// A while after the first run.
const LATER: &str = "2026-03-10T10:05:00Z";
