//! The commands by name, and how one that is suggested is to be typed.

use std::borrow::Cow;
use std::path::Path;

use maud::html;

use crate::text::shell::quoted;
use crate::text::words::words;

words! {
    /// A command, without what it was given.
    #[derive(Default)]
    pub enum CommandName {
        /// Makes a first configuration.
        Init = "init",
        /// Plans and carries out.
        #[default]
        Sync = "sync",
        Diff = "diff",
        /// Carries out what was reviewed.
        Apply = "apply",
        /// Shows one member everywhere.
        Lookup = "lookup",
        Check = "check",
        /// Shows what is remembered.
        Status = "status",
        /// Shows the audit log.
        History = "history",
        Help = "help",
    }
}

/// How this program was called, for the commands that its texts suggest: with the configuration that was
/// named, whoever is told of one can paste it, in whatever folder they are.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// What follows the name of the program: nothing, or `--config`, its file and a space.
    flag: String,
}

const PROGRAM: &str = "ivms-sync ";

impl Invocation {
    /// With the whole path of the file that `--config` named, where it named one.
    #[must_use]
    pub fn new(config: Option<&Path>) -> Self {
        let flag = config.map(|path| format!("--config {} ", quoted(&path.to_string_lossy())));
        Self { flag: flag.unwrap_or_default() }
    }

    /// A text with its commands as they are to be typed.
    #[must_use]
    pub fn in_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        Self::put_into(text, &self.flag)
    }

    /// The same for a JSON document, in whose texts a quote or a backslash is escaped.
    #[must_use]
    pub fn in_json<'t>(&self, document: &'t str) -> Cow<'t, str> {
        let flag = self.flag.replace('\\', r"\\").replace('"', "\\\"");
        Self::put_into(document, &flag)
    }

    /// The same for a page.
    #[must_use]
    pub fn in_html<'t>(&self, page: &'t str) -> Cow<'t, str> {
        Self::put_into(page, &html! { (self.flag) }.into_string())
    }

    fn put_into<'t>(text: &'t str, flag: &str) -> Cow<'t, str> {
        if flag.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        for (place, part) in text.split(PROGRAM).enumerate() {
            if place > 0 {
                out.push_str(PROGRAM);
                out.push_str(if begins_a_command(part) { flag } else { "" });
            }
            out.push_str(part);
        }
        Cow::Owned(out)
    }
}

/// Whether this is what follows the name of the program in a command that asks for a configuration.
fn begins_a_command(rest: &str) -> bool {
    let rest = rest.strip_prefix("-v ").unwrap_or(rest);
    let word = rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
    let asks = |name: &CommandName| !matches!(name, CommandName::Help | CommandName::Init);
    CommandName::ALL.into_iter().filter(asks).any(|name| name.as_str() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_the_configuration_that_was_named() {
        let here = Invocation::new(Some(Path::new("/srv/our club/c.toml")));
        for (text, wanted) in [
            ("run `ivms-sync diff`", "run `ivms-sync --config '/srv/our club/c.toml' diff`"),
            ("ivms-sync -v sync", "ivms-sync --config '/srv/our club/c.toml' -v sync"),
            ("`ivms-sync help links`", "`ivms-sync help links`"),
            ("ivms-sync works again; ivms-sync synced", "ivms-sync works again; ivms-sync synced"),
            ("ivms-sync --config x sync", "ivms-sync --config x sync"),
        ] {
            assert_eq!(here.in_text(text), wanted);
            assert_eq!(Invocation::new(None).in_text(text), text);
        }
        let here = Invocation::new(Some(Path::new("/a\"b\\c/c.toml")));
        let document = serde_json::json!({"hint": "ivms-sync check"}).to_string();
        let text = here.in_json(&document);
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["hint"], *here.in_text("ivms-sync check"));
        let page = Invocation::new(Some(Path::new("/a <b>&c/c.toml")))
            .in_html("ivms-sync diff")
            .into_owned();
        assert_eq!(page, "ivms-sync --config '/a &lt;b&gt;&amp;c/c.toml' diff");
    }
}
