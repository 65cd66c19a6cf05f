//! The headers that came with an event. Pure.

use std::collections::BTreeMap;
use std::fmt;

/// The most headers, and the most bytes of them: many times what any sender needs.
const HEADERS_MAX: usize = 200;
const BYTES_MAX: usize = 64 * 1024;

/// Headers by their names in small letters. `Debug` shows names alone: a value may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

/// Why a text is no list of headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoHeaders {
    #[error("line {0} is no header: write `Name: value`")]
    NoColon(usize),
    #[error("line {0} has a header of a line before it")]
    Twice(usize),
    #[error("there are more than {HEADERS_MAX} headers, or more than {BYTES_MAX} bytes of them")]
    TooMany,
}

impl Headers {
    /// The headers of a CGI request: variables as `HTTP_WEBHOOK_ID`.
    pub fn of_variables<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let header = |(name, value): (&str, &str)| {
            let name = name.strip_prefix("HTTP_")?.to_ascii_lowercase().replace('_', "-");
            Some((name, value.trim().to_owned()))
        };
        Self(variables.filter_map(header).take(HEADERS_MAX).collect())
    }

    /// Headers as lines, `Name: value`, up to an empty line.
    ///
    /// # Errors
    /// [`NoHeaders`]; no line is quoted.
    pub fn parse(text: &str) -> Result<Self, NoHeaders> {
        if text.len() > BYTES_MAX {
            return Err(NoHeaders::TooMany);
        }
        let mut headers = BTreeMap::new();
        for (place, line) in text.lines().enumerate().take_while(|(_, line)| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or(NoHeaders::NoColon(place + 1))?;
            let is_name = |c: char| c.is_ascii_graphic();
            if name.is_empty() || !name.chars().all(is_name) {
                return Err(NoHeaders::NoColon(place + 1));
            }
            let before = headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            if before.is_some() {
                return Err(NoHeaders::Twice(place + 1));
            }
            if headers.len() > HEADERS_MAX {
                return Err(NoHeaders::TooMany);
            }
        }
        Ok(Self(headers))
    }

    /// The value of a header by its name in small letters.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
