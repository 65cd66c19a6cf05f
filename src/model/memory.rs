//! What a connector remembers between runs.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a connector remembers of a target between runs, in its own words; the engine keeps it and never
/// looks inside. Empty when nothing is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory(String);

impl Memory {
    /// What was kept, as it was kept.
    #[must_use]
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// Writes down what is to be remembered.
    #[must_use]
    pub fn from_value(value: &impl Serialize) -> Self {
        Self(serde_json::to_string(value).unwrap_or_default())
    }

    /// Reads it back; the default for what is empty or was written by another version.
    #[must_use]
    pub fn read<T: DeserializeOwned + Default>(&self) -> T {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// The text to keep.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
