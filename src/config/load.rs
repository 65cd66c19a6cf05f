//! Reads the configuration.
/// Stub.
pub struct ConfigError;
/// Stub.
pub struct Problem;
/// Stub.
pub fn load() {}
