//! What a connector remembers between runs.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a connector remembers of a target between runs, in its own words; the engine keeps it and never
/// looks inside. What the engine itself goes by for every kind (refused logins, versions that took a write)
/// is kept by the store and is not in here. Empty when nothing is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    form: u32,
    text: String,
}

impl Memory {
    /// What was kept, as it was kept.
    #[must_use]
    pub fn kept(form: u32, text: String) -> Self {
        Self { form, text }
    }

    /// Writes down what is to be remembered. A connector that changes the meaning of what it writes takes
    /// the next form.
    #[must_use]
    pub fn from_value(form: u32, value: &impl Serialize) -> Self {
        Self { form, text: serde_json::to_string(value).unwrap_or_default() }
    }

    /// Reads it back; the default for what is empty or was written in another form.
    #[must_use]
    pub fn read<T: DeserializeOwned + Default>(&self, form: u32) -> T {
        let known = Some(&self.text).filter(|_| self.form == form);
        known.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    #[must_use]
    pub fn form(&self) -> u32 {
        self.form
    }

    /// The text to keep.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
