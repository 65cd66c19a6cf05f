//! Passwords that cannot be printed by accident.

use std::fmt;

/// Which passwords a command needs: one that cannot be read stops whoever needs it, and nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords<'n> {
    /// Every one.
    All,
    /// Those that prove the events of the section with this name.
    OfEvents(&'n str),
    /// None: the command asks nobody.
    None,
}

/// A password or token. `Debug` shows `***`, there is no `Display`, and only the clients, which must
/// send it, ask for [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The password itself, to be handed to a login and to nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_stars_at_any_depth() {
        let nested = Some(vec![Secret::new("hunter2".to_owned())]);
        assert_eq!(format!("{nested:?}"), "Some([***])");
        assert_eq!(format!("{:#?}", Secret::new("hunter2".to_owned())), "***");
    }
}
