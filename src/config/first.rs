//! A first configuration: what is asked for, and the file that is made of the answers.
//!
//! Pure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::problem::Wrong;
use super::{Nouns, Secret};
use crate::model::{RightCode, printable};
use crate::text::lists::some_of;

/// So many roles are named in the comment above `roles`.
const ROLES_MAX: usize = 20;

/// A key that a section cannot do without, and how it is asked for.
#[derive(Debug)]
pub struct FirstKey {
    pub key: &'static str,
    /// The flag of `init` that gives it.
    pub flag: &'static str,
    pub question: &'static str,
    /// What stands above it in the file.
    pub about: &'static str,
    pub default: Option<&'static str>,
    pub form: Form,
    /// Says what is wrong with an answer.
    pub check: fn(&str) -> Result<(), Wrong>,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Number,
    Password,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Text, a number, or the path of a file that holds the password.
    Given(String),
    /// A password that goes into a file of its own.
    Typed { secret: Secret, file: String },
}

/// A section of the file to be made.
#[derive(Debug)]
pub struct FirstSection {
    pub kind: &'static str,
    pub nouns: Nouns,
    pub name: String,
    pub keys: Vec<(&'static FirstKey, Answer)>,
    /// The fingerprint that is pinned.
    pub pin: Option<String>,
}

/// All that was answered.
#[derive(Debug)]
pub struct First {
    pub time_zone: String,
    pub source: FirstSection,
    pub targets: Vec<FirstSection>,
    /// The roles that open doors; none: every role.
    pub roles: Vec<String>,
    /// The roles that there are.
    pub seen: BTreeMap<RightCode, String>,
    /// A link file.
    pub persons: String,
}

/// Where the text has the passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    /// In the text itself, which nobody writes down: to try the systems before there is any file.
    Within,
    InFiles,
}

/// Why no first configuration was made.
#[derive(Debug, thiserror::Error)]
pub enum FirstError {
    #[error("init needs to know more: {} missing", missing(.0))]
    Missing(Vec<&'static str>),
    #[error("{} there already; nothing was written", there(.0))]
    Exists(Vec<PathBuf>),
    #[error("{flag}: the value {}", .wrong.message)]
    Wrong { flag: &'static str, wrong: Wrong },
    #[error("the questions were not answered to the end; nothing was written")]
    NotAnswered,
}

impl FirstError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Missing(_) => Some("give these flags, or run it on a terminal, where it asks"),
            Self::Exists(_) => Some(
                "nothing is ever overwritten: name another folder with --folder, or move it away",
            ),
            Self::Wrong { wrong, .. } => wrong.hint.as_deref(),
            Self::NotAnswered => None,
        }
    }
}

fn missing(flags: &[&str]) -> String {
    let are = if flags.len() == 1 { "is" } else { "are" };
    format!("{} {are}", flags.join(", "))
}

fn there(paths: &[PathBuf]) -> String {
    let are = if paths.len() == 1 { "is" } else { "are" };
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("{} {are}", paths.join(", "))
}

impl First {
    /// The passwords that get files of their own: name and password.
    pub fn secrets(&self) -> impl Iterator<Item = (&str, &Secret)> {
        let sections = std::iter::once(&self.source).chain(&self.targets);
        sections.flat_map(|section| &section.keys).filter_map(|(_, answer)| match answer {
            Answer::Typed { secret, file } => Some((file.as_str(), secret)),
            Answer::Given(_) => None,
        })
    }

    /// The file.
    #[must_use]
    pub fn render(&self, passwords: Passwords) -> String {
        let mut out = String::from(
            "# The configuration of ivms-sync, as `ivms-sync init` made it. Paths are relative to the folder\n\
             # of this file. What else can be set: `ivms-sync init --print`, and `ivms-sync help config`.\n\n\
             # The club's name, for pages, mails and metrics.\n#club = \"Example Gym\"\n\n\
             # The club's time zone: a membership that ends on the 31st ends when the 31st ends there.\n",
        );
        out.push_str(&format!("time_zone = {}\n", quoted(&self.time_zone)));
        section(&mut out, &self.source, passwords);
        self.roles(&mut out);
        for target in &self.targets {
            section(&mut out, target, passwords);
            certificate(&mut out, target);
            out.push_str(
                "\n# What may be written: \"observe\" is nothing, for the first days; then \"grant-only\" (memberships\n\
                 # are started and prolonged, never ended) or \"full\".\nmode = \"observe\"\n",
            );
        }
        out.push_str(&format!(
            "\n\n# How a member is found to be a person at a door.\n[link]\n\n\
             # Spreadsheets (XLSX) or CSV files with a person id and an e-mail in each row.\nfiles = [{}]\n",
            quoted(&self.persons)
        ));
        out
    }

    fn roles(&self, out: &mut String) {
        out.push_str(
            "\n# The roles that open doors, by their ids. Without this key every membership opens them.\n",
        );
        if !self.seen.is_empty() {
            // A name comes from outside: without its line ends it cannot leave the comment.
            let seen = self.seen.iter().map(|(id, name)| printable(&format!("{id} {name}")));
            out.push_str(&format!("# There are: {}.\n", some_of(seen, ROLES_MAX, ", ")));
        }
        let is_number = |role: &&str| role.parse::<i64>().is_ok();
        let spelt = |role: &str| Some(role).filter(is_number).map_or(quoted(role), str::to_owned);
        let roles: Vec<String> = self.roles.iter().map(|role| spelt(role)).collect();
        let idle = if roles.is_empty() { "#" } else { "" };
        out.push_str(&format!("{idle}roles = [{}]\n", roles.join(", ")));
    }
}

fn section(out: &mut String, section: &FirstSection, passwords: Passwords) {
    let FirstSection { kind, nouns, name, keys, .. } = section;
    out.push_str(&format!("\n\n# {}: one section for each {}.\n", nouns.system, nouns.one));
    out.push_str(&format!("[{kind}.{name}]\n"));
    for (key, answer) in keys {
        let value = match (answer, key.form) {
            (Answer::Typed { secret, .. }, _) if passwords == Passwords::Within => {
                quoted(secret.expose())
            }
            (Answer::Typed { file, .. }, _) => format!("{{ file = {} }}", quoted(file)),
            (Answer::Given(path), Form::Password) => format!("{{ file = {} }}", quoted(path)),
            (Answer::Given(number), Form::Number) => number.clone(),
            (Answer::Given(text), Form::Text) => quoted(text),
        };
        out.push_str(&format!("\n# {}\n{} = {value}\n", key.about, key.key));
    }
}

fn certificate(out: &mut String, section: &FirstSection) {
    let is_plain =
        |answer: &Answer| matches!(answer, Answer::Given(url) if url.starts_with("http:"));
    if section.keys.iter().any(|(_, answer)| is_plain(answer)) {
        return;
    }
    out.push_str(
        "\n# The certificate that it shows over https: see `ivms-sync help tls`. Without this key it must be\n\
         # one that this computer trusts.\n",
    );
    match &section.pin {
        Some(pin) => out.push_str(&format!("tls = {}\n", quoted(&format!("sha256:{pin}")))),
        None => out.push_str("#tls = \"sha256:…\"\n"),
    }
}

/// A text as TOML writes it: in single quotes where it has backslashes and these allow it, as a path of
/// Windows is read best.
fn quoted(text: &str) -> String {
    if text.contains('\\') && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use toml::de::{DeTable, DeValue};

    use super::*;

    static KEYS: [FirstKey; 3] =
        [key("url", Form::Text), key("number", Form::Number), key("password", Form::Password)];

    const fn key(key: &'static str, form: Form) -> FirstKey {
        let (flag, question, about) = ("--flag", "What?", "What it is.");
        FirstKey { key, flag, question, about, default: None, form, check: |_| Ok(()) }
    }

    fn first(url: &str, password: &Answer) -> First {
        let nouns =
            Nouns { system: "Toybook", one: "shelf", many: "shelves", version: "", identity: "" };
        let given = |text: &str| Answer::Given(text.to_owned());
        let section = |name: &str| FirstSection {
            kind: "toy",
            nouns,
            name: name.to_owned(),
            keys: KEYS.iter().zip([given(url), given("7"), password.clone()]).collect(),
            pin: None,
        };
        First {
            time_zone: "Europe/Ljubljana".to_owned(),
            source: section("club"),
            targets: vec![section("door")],
            roles: Vec::new(),
            seen: BTreeMap::new(),
            persons: url.to_owned(),
        }
    }

    fn typed(password: &str) -> Answer {
        let secret = Secret::new(password.to_owned());
        Answer::Typed { secret, file: "toy-password.txt".to_owned() }
    }

    /// The value at a path of keys, as the parser reads it.
    fn read<'a>(table: &'a DeTable<'a>, path: &[&str]) -> &'a DeValue<'a> {
        let (last, before) = path.split_last().unwrap();
        let table =
            before.iter().fold(table, |table, key| match table.get(*key).unwrap().get_ref() {
                DeValue::Table(table) => table,
                other => panic!("{other:?}"),
            });
        table.get(*last).unwrap().get_ref()
    }

    /// Mutants: a quote, a backslash or a line end that is not escaped; single quotes round a single quote.
    #[test]
    fn whatever_is_answered_is_read_back() {
        for text in [
            "plain",
            "",
            "C:\\temp\\new.csv",
            "C:\\it's",
            "\"quoted\"",
            "'",
            "'''",
            "\"\"\"",
            "za člane/ü.csv",
            "a\nroles = []",
            "tab\there \u{7f}\u{85}\u{0}",
            "# no comment",
            "\\",
            "a\"b\\'",
        ] {
            for password in [typed(text), Answer::Given(text.to_owned())] {
                let is_typed = matches!(password, Answer::Typed { .. });
                let inside = first(text, &password).render(Passwords::Within);
                let table = DeTable::parse(&inside).unwrap_or_else(|error| panic!("{error}"));
                let table = table.into_inner();
                assert_eq!(read(&table, &["toy", "door", "url"]).as_str(), Some(text), "{inside}");
                let place = ["toy", "club", "password", "file"];
                let found = read(&table, &place[..if is_typed { 3 } else { 4 }]);
                assert_eq!(found.as_str(), Some(text));
                let files = read(&table, &["link", "files"]).as_array().unwrap();
                assert_eq!(files[0].get_ref().as_str(), Some(text));
            }
        }
    }

    #[test]
    fn a_typed_password_is_only_in_its_file() {
        let first = first("u", &typed("Secret-1"));
        assert!(first.render(Passwords::Within).contains("Secret-1"));
        let text = first.render(Passwords::InFiles);
        assert!(!text.contains("Secret-1"), "{text}");
        assert!(text.contains("password = { file = \"toy-password.txt\" }"), "{text}");
        let secrets: Vec<_> =
            first.secrets().map(|(file, secret)| (file, secret.expose())).collect();
        assert_eq!(secrets, [("toy-password.txt", "Secret-1"); 2]);
    }

    /// Mutants: the name of a role that ends its comment; a number in quotes; a door that may be written.
    #[test]
    fn roles_are_named_and_doors_only_observed() {
        let mut first = first("https://x", &typed("p"));
        let id = |id| RightCode::whole(id).unwrap();
        first.seen =
            [(id(3126), "Gym\nroles = [1]".to_owned()), (id(9), "Sauna".to_owned())].into();
        let text = first.render(Passwords::InFiles);
        let seen = "\n# There are: 9 Sauna, 3126 Gym roles = [1].\n#roles = []\n";
        assert!(text.contains(seen), "{text}");
        first.roles = vec!["3126".to_owned(), "gold".to_owned()];
        first.targets[0].pin = Some("0f".repeat(32));
        let text = first.render(Passwords::InFiles);
        assert!(text.contains("\nroles = [3126, \"gold\"]\n"), "{text}");
        assert!(text.contains(&format!("\ntls = \"sha256:{}\"\n", "0f".repeat(32))), "{text}");
        assert_eq!(text.matches("\nmode = \"observe\"\n").count(), 1);
        first.targets[0].keys[0].1 = Answer::Given("http://x".to_owned());
        assert!(!first.render(Passwords::InFiles).contains("tls"), "plain http has no certificate");
    }
}
