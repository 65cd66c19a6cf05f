//! The process environment, read once.
/// Environment variables.
pub struct Environment;
