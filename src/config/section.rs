//! A table of the file as something to be asked for keys, so that the schema reads like the schema.
//!
//! Every reading method notes what is wrong in the [`Report`] and goes on; whoever built the reader
//! looks at the report before using what came out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::overrides::Overrides;
use super::problem::{Origin, Report, Wrong, shown};
use crate::model::InvalidId;
use crate::text::suggest::nearest;

/// What all sections share.
pub struct Reader<'a> {
    pub report: Report,
    pub(super) overrides: Overrides<'a>,
}

/// One section, or the top of the file.
pub struct Section<'a> {
    reader: &'a Reader<'a>,
    path: Vec<String>,
    table: Option<&'a DeTable<'a>>,
    origin: Origin,
    /// Keys of the top of the file, to recognise one that slipped below a section header.
    top_keys: BTreeSet<&'static str>,
    known: RefCell<BTreeSet<&'static str>>,
    overridable: bool,
}

impl<'a> Section<'a> {
    pub fn top(reader: &'a Reader<'a>, table: &'a DeTable<'a>) -> Self {
        Self::new(reader, Vec::new(), Some(table), Origin::Nowhere)
    }

    fn new(
        reader: &'a Reader<'a>,
        path: Vec<String>,
        table: Option<&'a DeTable<'a>>,
        origin: Origin,
    ) -> Self {
        Self {
            reader,
            path,
            table,
            origin,
            top_keys: BTreeSet::new(),
            known: RefCell::default(),
            overridable: true,
        }
    }

    /// The last part of the section's name.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The section's name in full, with a key: `hikvision.front-door.url`.
    pub fn dotted(&self, key: &str) -> String {
        let parts =
            self.path.iter().map(String::as_str).chain([key]).filter(|part| !part.is_empty());
        parts.map(shown).collect::<Vec<_>>().join(".")
    }

    /// The names from the top down to it: `hikvision`, `front-door`.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// Whether the file has the section, or a variable gives one of its keys.
    pub fn is_given(&self) -> bool {
        self.table.is_some()
            || !self.reader.overrides.variables_below(&Overrides::variable(&self.path)).is_empty()
    }

    /// Notes that a key's value is wrong, where the value is.
    pub fn wrong(&self, key: &'static str, wrong: Wrong) {
        let origin = self.find(key).map_or(self.origin.clone(), |found| found.origin);
        self.wrong_at(key, &origin, wrong);
    }

    /// Notes that something of a key is wrong, at a place that is known.
    pub fn wrong_at(&self, key: &str, origin: &Origin, wrong: Wrong) {
        self.reader.report.problem(self.dotted(key), origin, wrong);
    }

    /// Notes that the section itself is wrong.
    pub fn wrong_section(&self, wrong: Wrong) {
        self.reader.report.problem(self.dotted(""), &self.origin, wrong);
    }

    pub fn warn(&self, sentence: String) {
        self.reader.report.warn(sentence);
    }

    /// The section's name as a type, or a noted problem.
    pub fn settle_name<T>(&self, name: Result<T, InvalidId>) -> Option<T> {
        name.map_err(|error| self.wrong_section(Wrong::new(error.to_string()))).ok()
    }

    pub fn text<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Read<'_, T> {
        let outcome = self.find(key).map(|found| {
            let text = match found.raw {
                Raw::Variable(text) => Ok(text),
                Raw::File(value) => text(value),
            };
            self.settle(key, &found.origin, text.and_then(parse))
        });
        Read { section: self, key, outcome }
    }

    /// Reads a whole number.
    pub fn integer<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(i64) -> Result<T, Wrong>,
    ) -> Read<'_, T> {
        let outcome = self.find(key).map(|found| {
            let number = match found.raw {
                Raw::Variable(text) => {
                    text.trim().parse().map_err(|_| Wrong::new("is not a whole number"))
                }
                Raw::File(value) => integer(value),
            };
            self.settle(key, &found.origin, number.and_then(parse))
        });
        Read { section: self, key, outcome }
    }

    /// Reads `true` or `false`.
    pub fn flag(&self, key: &'static str) -> Read<'_, bool> {
        let outcome = self.find(key).map(|found| {
            let flag = match found.raw {
                Raw::Variable("true") => Ok(true),
                Raw::Variable("false") => Ok(false),
                Raw::Variable(_) => Err(Wrong::new("is neither true nor false")),
                Raw::File(DeValue::Boolean(flag)) => Ok(*flag),
                Raw::File(other) => Err(mismatch(other, "true or false")),
            };
            self.settle(key, &found.origin, flag)
        });
        Read { section: self, key, outcome }
    }

    /// Refuses keys of the file that have no place beside another one.
    pub fn refuse(&self, keys: &[&'static str], beside: &str) {
        for key in keys {
            if let Some(value) = self.in_file(key) {
                let origin = Origin::Offset(value.span().start);
                let wrong = Wrong::new(format!("has no place beside {beside}"));
                self.wrong_at(key, &origin, wrong.hint("take it out"));
            }
        }
    }

    /// Reads a list, each item with its place; nothing when an item is wrong. Variables cannot give
    /// lists.
    pub fn list<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<Vec<(Origin, T)>> {
        let in_file = self.in_file(key);
        if let Some(found) = self.find(key)
            && matches!(found.raw, Raw::Variable(_))
        {
            let wrong = Wrong::new("is a list, which a variable cannot replace");
            self.wrong_at(key, &found.origin, wrong.hint("change it in the file"));
        }
        let value = in_file?;
        let DeValue::Array(items) = value.get_ref() else {
            let wrong = mismatch(value.get_ref(), "a list in brackets");
            self.wrong_at(key, &Origin::Offset(value.span().start), wrong);
            return None;
        };
        self.items(key, items, parse)
    }

    fn items<T>(
        &self,
        key: &'static str,
        items: &DeArray<'_>,
        parse: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<Vec<(Origin, T)>> {
        let mut read = Vec::with_capacity(items.len());
        for item in items.iter() {
            let origin = Origin::Offset(item.span().start);
            if let Some(value) = self.settle(key, &origin, parse(item.get_ref())) {
                read.push((origin, value));
            }
        }
        // All are looked at, so that all problems are noted.
        (read.len() == items.len()).then_some(read)
    }

    /// Notes the items of a list that stand in it a second time.
    pub fn refuse_repeats<T: PartialEq>(&self, key: &'static str, items: &[(Origin, T)]) {
        for (index, (origin, item)) in items.iter().enumerate() {
            if items.iter().take(index).any(|(_, earlier)| earlier == item) {
                self.wrong_at(key, origin, Wrong::new("holds the same entry twice"));
            }
        }
    }

    /// A key as it is given, by override or file, for values that are neither text nor number.
    pub fn find(&self, key: &'static str) -> Option<Found<'a>> {
        let in_file = self.in_file(key);
        let path: Vec<&str> = self.path.iter().map(String::as_str).chain([key]).collect();
        let variable = Overrides::variable(&path);
        if self.overridable
            && let Some(text) = self.reader.overrides.get(&variable, &self.dotted(key))
        {
            return Some(Found { origin: Origin::Variable(variable), raw: Raw::Variable(text) });
        }
        let value = in_file?;
        Some(Found { origin: Origin::Offset(value.span().start), raw: Raw::File(value.get_ref()) })
    }

    /// A key as the file has it.
    pub fn in_file(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().insert(key);
        self.table?.get(key)
    }

    /// Notes what is wrong and goes on without.
    pub fn settle<T>(&self, key: &str, origin: &Origin, read: Result<T, Wrong>) -> Option<T> {
        read.map_err(|wrong| self.wrong_at(key, origin, wrong)).ok()
    }

    /// A section inside this one; empty when the file does not have it.
    pub fn section(&self, key: &'static str) -> Self {
        self.known.borrow_mut().insert(key);
        let entry = self.table.and_then(|table| table.get_key_value(key));
        let (table, origin) = match entry {
            Some((name, value)) => {
                let origin = Origin::Offset(name.span().start);
                (self.settle(key, &origin, table(value.get_ref())), origin)
            }
            None => (None, Origin::Nowhere),
        };
        self.child(key, table, origin)
    }

    /// The sections that each have a name of their own, `[hikvision.front-door]`, sorted by name.
    /// None at all is a problem; `example` is a name to advise and `without` says why it matters.
    pub fn named(&self, key: &'static str, example: &str) -> (Vec<Self>, bool) {
        let group = self.section(key);
        let advice = format!("write [{key}.{example}]");
        let is_wrong_type = group.table.is_none() && group.origin != Origin::Nowhere;
        let entries = || group.table.into_iter().flatten();
        let bare = entries()
            .filter(|(_, value)| !value.get_ref().is_table())
            .map(|(name, _)| name.span().start)
            .min();
        if let Some(offset) = bare {
            let wrong = Wrong::new("holds keys of its own, but is only a group of sections");
            let hint = format!("{advice} above them, with a name");
            group.wrong_at("", &Origin::Offset(offset), wrong.hint(hint));
        }
        let mut sections = Vec::new();
        for (name, value) in entries() {
            // Among bare keys, `password = { env = "…" }` only looks like a section.
            let is_password = bare.is_some() && name.get_ref() == "password";
            if let (DeValue::Table(table), false) = (value.get_ref(), is_password) {
                let origin = Origin::Offset(name.span().start);
                sections.push(group.child(name.get_ref(), Some(table), origin));
            }
        }
        let is_given = !sections.is_empty() || bare.is_some() || is_wrong_type;
        sections.sort_by(|a, b| a.name().cmp(b.name()));
        group.refuse_lookalikes(&mut sections);
        (sections, is_given)
    }

    /// Takes overrides away from sections that one variable could mean both of.
    fn refuse_lookalikes(&self, sections: &mut [Self]) {
        let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, section) in sections.iter().enumerate() {
            seen.entry(Overrides::variable(&section.path)).or_default().push(index);
        }
        for (variable, alike) in seen {
            let names: Vec<String> = alike
                .iter()
                .filter_map(|index| sections.get(*index))
                .map(|s| s.dotted(""))
                .collect();
            let [first, second, ..] = names.as_slice() else { continue };
            let Reader { report, overrides } = self.reader;
            overrides.refuse_ambiguous(&variable, first, second, report);
            for index in alike {
                if let Some(section) = sections.get_mut(index) {
                    section.overridable = false;
                }
            }
        }
    }

    /// The entries of a section whose keys are names of other sections, as the file has them.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Origin, &'a DeValue<'a>)> {
        self.table.into_iter().flatten().map(|(name, value)| {
            let name_text: &'a str = name.get_ref();
            (name_text, Origin::Offset(name.span().start), value.get_ref())
        })
    }

    fn child(&self, key: &str, table: Option<&'a DeTable<'a>>, origin: Origin) -> Self {
        let path = self.path.iter().cloned().chain([key.to_owned()]).collect();
        let mut child = Self::new(self.reader, path, table, origin);
        child.top_keys =
            if self.path.is_empty() { self.known.borrow().clone() } else { self.top_keys.clone() };
        child
    }

    /// Notes every key that nobody asked for.
    pub fn finish(&self) {
        let known = self.known.borrow();
        for (name, value) in self.table.into_iter().flatten() {
            let name_text: &str = name.get_ref();
            if known.contains(name_text) {
                continue;
            }
            let kind = if value.get_ref().is_table() { "section" } else { "key" };
            let wrong = Wrong::new(format!("is not a known {kind}"));
            let wrong = match nearest(name_text, known.iter().copied()) {
                Some(meant) => wrong.hint(format!("did you mean {}?", self.dotted(meant))),
                None if self.top_keys.contains(name_text) => {
                    wrong.hint("it belongs to the top of the file, above the first [section]")
                }
                None => wrong,
            };
            self.wrong_at(name_text, &Origin::Offset(name.span().start), wrong);
        }
    }
}

/// A key that was found, and where.
pub struct Found<'a> {
    pub origin: Origin,
    pub raw: Raw<'a>,
}

/// A value that nobody has looked into.
pub enum Raw<'a> {
    /// The text of a variable.
    Variable(&'a str),
    /// A value of the file.
    File(&'a DeValue<'a>),
}

/// The result of reading a key: absent, present but wrong (and noted), or good.
#[must_use]
pub struct Read<'s, T> {
    section: &'s Section<'s>,
    key: &'static str,
    outcome: Option<Option<T>>,
}

impl<T> Read<'_, T> {
    /// The value; its absence is noted.
    pub fn required(self) -> Option<T> {
        if self.outcome.is_none() {
            self.section.wrong(self.key, Wrong::new("is missing"));
        }
        self.outcome.flatten()
    }

    /// The value, or what holds when there is none.
    pub fn or(self, default: T) -> T {
        self.outcome.flatten().unwrap_or(default)
    }

    /// The value, if there is one.
    pub fn optional(self) -> Option<T> {
        self.outcome.flatten()
    }

    /// Whether neither the file nor a variable gives the key.
    pub fn is_absent(&self) -> bool {
        self.outcome.is_none()
    }
}

/// A value that must be text.
pub fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Wrong> {
    value.as_str().ok_or_else(|| {
        let wrong = mismatch(value, "text");
        if value.is_table() || value.is_array() { wrong } else { wrong.hint("put it in quotes") }
    })
}

/// A value that must be a whole number.
pub fn integer(value: &DeValue<'_>) -> Result<i64, Wrong> {
    match value {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_err(|_| Wrong::new("is too large a number")),
        DeValue::String(_) => Err(mismatch(value, "a whole number").hint("leave the quotes out")),
        _ => Err(mismatch(value, "a whole number")),
    }
}

fn table<'v>(value: &'v DeValue<'v>) -> Result<&'v DeTable<'v>, Wrong> {
    match value {
        DeValue::Table(table) => Ok(table),
        _ => Err(mismatch(value, "a section")),
    }
}

/// Says what was found and what is wanted.
pub fn mismatch(found: &DeValue<'_>, wanted: &str) -> Wrong {
    let found = match found {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    };
    Wrong::new(format!("is {found}, where {wanted} is wanted"))
}
