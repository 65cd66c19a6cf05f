//! The process environment, read once and handed down as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;

/// A snapshot of environment variables.
///
/// Windows does not tell `Path` from `PATH`, so names are kept in upper case there. `Debug` shows
/// names only, because values may be passwords.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    unreadable: BTreeSet<String>,
}

impl Environment {
    /// The variables of this process. One that is not UTF-8 is left out; its name, where that can be
    /// read, is kept so that nobody is told the variable were not set.
    #[must_use]
    pub fn of_process() -> Self {
        Self::from_os(std::env::vars_os())
    }

    fn from_os(pairs: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in pairs {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => environment.variables.insert(folded(&name), value),
                Err(_) => {
                    environment.unreadable.insert(folded(&name));
                    None
                }
            };
        }
        environment
    }

    /// Variables chosen by the caller.
    pub fn from_pairs<N: AsRef<str>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables =
            pairs.into_iter().map(|(name, value)| (folded(name.as_ref()), value.into())).collect();
        Self { variables, unreadable: BTreeSet::new() }
    }

    /// The value of a variable; an empty one is a value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(&folded(name)).map(String::as_str)
    }

    /// Whether each look at a few members is compared with a look at everybody: for tests.
    #[must_use]
    pub fn compares_looks(&self) -> bool {
        self.get("IVMS_SYNC_TEST_LOOKS").is_some()
    }

    /// Whether the variable is set to something that is not UTF-8.
    #[must_use]
    pub fn is_unreadable(&self, name: &str) -> bool {
        self.unreadable.contains(&folded(name))
    }

    /// Every variable with its value; those that are not UTF-8 are left out.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names of all variables, also of those that are not UTF-8.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().chain(&self.unreadable).map(String::as_str)
    }
}

/// The form in which a name is compared on this system.
fn folded(name: &str) -> String {
    if cfg!(windows) { name.to_uppercase() } else { name.to_owned() }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_never_shown() {
        let environment = Environment::from_pairs([("DOOR_PASSWORD", "hunter2")]);
        assert_eq!(environment.get("DOOR_PASSWORD"), Some("hunter2"));
        assert_eq!(environment.get("OTHER"), None);
        assert_eq!(format!("{environment:?}"), r#"{"DOOR_PASSWORD"}"#);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_utf8_is_known_by_name() {
        use std::os::unix::ffi::OsStringExt;
        let bad = || OsString::from_vec(vec![0xff]);
        let pairs = [("A".into(), "a".into()), ("B".into(), bad()), (bad(), "c".into())];
        let environment = Environment::from_os(pairs);
        assert_eq!(environment.names().collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(environment.get("B"), None);
        assert!(environment.is_unreadable("B"));
    }

    #[test]
    fn the_process_has_an_environment() {
        assert!(Environment::of_process().names().next().is_some());
    }
}
