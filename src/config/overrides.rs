//! Environment variables that take the place of keys in the file.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Environment;
use super::problem::{Origin, Report, Wrong, shown};
use crate::text::suggest::nearest;

/// What the name of every such variable starts with. `IVMS_SYNC_CONFIG` does not.
const PREFIX: &str = "IVMS_SYNC__";

/// The overriding variables, and which keys were looked for among them.
pub(super) struct Overrides<'a> {
    environment: &'a Environment,
    /// Variable name to dotted key, for every key of the configuration at hand.
    asked: RefCell<BTreeMap<String, String>>,
}

impl<'a> Overrides<'a> {
    pub fn new(environment: &'a Environment) -> Self {
        Self { environment, asked: RefCell::default() }
    }

    /// The variable for a key, `IVMS_SYNC__HIKVISION__FRONT_DOOR__URL`.
    pub fn variable<S: AsRef<str>>(path: &[S]) -> String {
        let parts: Vec<String> =
            path.iter().map(|part| part.as_ref().to_ascii_uppercase().replace('-', "_")).collect();
        format!("{PREFIX}{}", parts.join("__"))
    }

    /// The text that takes the place of a key. Asking is what makes the variable a known one.
    pub fn get(&self, variable: &str, key: &str) -> Option<&'a str> {
        self.asked.borrow_mut().insert(variable.to_owned(), key.to_owned());
        self.environment.get(variable)
    }

    /// The variables for keys below a section.
    pub fn variables_below(&self, section: &str) -> Vec<&'a str> {
        let starts =
            |name: &&str| name.strip_prefix(section).is_some_and(|rest| rest.starts_with("__"));
        self.environment.names().filter(starts).collect()
    }

    /// Refuses the variables of two sections whose names look alike in a variable.
    pub fn refuse_ambiguous(&self, section: &str, first: &str, second: &str, report: &Report) {
        for name in self.variables_below(section) {
            self.asked.borrow_mut().insert(name.to_owned(), String::new());
            let message = format!("matches both {} and {}", shown(first), shown(second));
            let wrong = Wrong::new(message).hint("give one of the two sections another name");
            report.problem("", &Origin::Variable(shown(name)), wrong);
        }
    }

    /// Reports every variable that no key asked for, since a typing error must not be silent.
    pub fn report_unknown(&self, report: &Report) {
        let asked = self.asked.borrow();
        for name in self.environment.names() {
            let ours =
                name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
            if !ours {
                continue;
            }
            let origin = Origin::Variable(shown(name));
            if self.environment.is_unreadable(name) {
                report.problem("", &origin, Wrong::new("is not UTF-8 text"));
            } else if !asked.contains_key(name) {
                let wrong = Wrong::new("matches no key of the configuration");
                // What all have in common makes none of them more alike.
                let keys = asked.keys().filter_map(|name| name.strip_prefix(PREFIX));
                let hint = match nearest(name.get(PREFIX.len()..).unwrap_or_default(), keys) {
                    Some(meant) => format!("did you mean {PREFIX}{}?", shown(meant)),
                    None => format!(
                        "{PREFIX}, then the sections and the key in upper case, joined by __; \
                         a section must stand in the file"
                    ),
                };
                report.problem("", &origin, wrong.hint(hint));
            }
        }
    }

    /// Every key that was looked for, dotted.
    #[cfg(test)]
    pub fn keys(&self) -> Vec<String> {
        self.asked.borrow().values().cloned().collect()
    }
}
