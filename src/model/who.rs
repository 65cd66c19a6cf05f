//! WHO on the command line.

use super::{Email, Holder, HolderNumber, RecordId};
use crate::text::plain::plain_words;

/// Who was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Email(Email),
    Number(HolderNumber),
    /// By the id of the person on a door.
    Record(RecordId),
}

impl Who {
    /// Reads what was typed: an e-mail address, a member number, or `person:` with the id of a person.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(id) = text.strip_prefix("person:") {
            return RecordId::new(id).map(Self::Record).ok();
        }
        match text.parse() {
            Ok(number) => Some(Self::Number(number)),
            Err(_) => Email::parse(text).map(Self::Email),
        }
    }

    /// Whether a member was asked for by e-mail or number.
    #[must_use]
    pub fn is_member(&self, member: &Holder) -> bool {
        match self {
            Self::Email(email) => member.email.as_ref() == Some(email),
            Self::Number(number) => member.number.as_ref() == Some(number),
            Self::Record(_) => false,
        }
    }

    /// Whether a person was asked for by id.
    #[must_use]
    pub fn is_person(&self, id: &RecordId) -> bool {
        matches!(self, Self::Record(wanted) if wanted == id)
    }
}

/// What else than a member a WHO names, without the word before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedThing<'t> {
    Plate(&'t str),
    Permit(&'t str),
    Session(&'t str),
    Citation(&'t str),
    Meter(&'t str),
}

impl<'t> AskedThing<'t> {
    /// Reads what was typed; the word before the colon in letters of any size.
    #[must_use]
    pub fn parse(text: &'t str) -> Option<Self> {
        let (word, name) = text.split_once(':')?;
        match word.to_ascii_lowercase().as_str() {
            "plate" => Some(Self::Plate(name)),
            "permit" => Some(Self::Permit(name)),
            "session" => Some(Self::Session(name)),
            "citation" => Some(Self::Citation(name)),
            "meter" => Some(Self::Meter(name)),
            _ => None,
        }
    }

    /// Whether it is asked about at a place and an instant.
    #[must_use]
    pub fn is_somewhere(self) -> bool {
        matches!(self, Self::Plate(_) | Self::Permit(_) | Self::Session(_))
    }
}

/// What of documents that leave a WHO names, without the word before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedDocument<'t> {
    Document(&'t str),
    Refund(&'t str),
    Payment(&'t str),
}

impl<'t> AskedDocument<'t> {
    /// Reads what was typed; the word before the colon in letters of any size.
    #[must_use]
    pub fn parse(text: &'t str) -> Option<Self> {
        let (word, name) = text.split_once(':')?;
        match word.to_ascii_lowercase().as_str() {
            "document" => Some(Self::Document(name)),
            "refund" => Some(Self::Refund(name)),
            "payment" => Some(Self::Payment(name)),
            _ => None,
        }
    }
}

/// Whom `lookup` was asked for: a WHO, or a name that several may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    Who(Who),
    Name(NameTyped),
}

impl Asked {
    /// Reads what was typed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Who::parse(text).map(Self::Who).or_else(|| NameTyped::parse(text).map(Self::Name))
    }

    /// Whether a member fits by their own fields.
    #[must_use]
    pub fn is_member(&self, member: &Holder) -> bool {
        match self {
            Self::Who(who) => who.is_member(member),
            Self::Name(name) => name.begins(&member.name()),
        }
    }

    /// Whether a person on a door fits.
    #[must_use]
    pub fn is_person(&self, id: &RecordId, name_there: &str) -> bool {
        match self {
            Self::Who(who) => who.is_person(id),
            Self::Name(name) => name.begins(name_there),
        }
    }
}

/// A name as the desk types it: whole words or their beginnings, in any order, without case and accents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTyped(Vec<String>);

impl NameTyped {
    /// Reads a name: it begins with a letter and holds no `@` or `:`, which are of an e-mail or an id that was
    /// mistyped.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = text.trim_start().starts_with(char::is_alphabetic);
        let is_name = is_name && !text.contains(['@', ':']);
        is_name.then(|| Self(plain_words(text))).filter(|name| !name.0.is_empty())
    }

    /// Whether each word that was typed begins a word of this name, each another one.
    #[must_use]
    pub fn begins(&self, name: &str) -> bool {
        let mut words = plain_words(name);
        // The longest first: a short one leaves it the word that it alone fits.
        let mut typed: Vec<&String> = self.0.iter().collect();
        typed.sort_by_key(|word| std::cmp::Reverse(word.len()));
        typed.into_iter().all(|typed| {
            let place = words.iter().position(|word| word.starts_with(typed.as_str()));
            place.map(|place| words.swap_remove(place)).is_some()
        })
    }

    /// Whether this is the whole name.
    #[must_use]
    pub fn is_whole(&self, name: &str) -> bool {
        let (mut typed, mut words) = (self.0.clone(), plain_words(name));
        typed.sort();
        words.sort();
        typed == words
    }
}

impl std::fmt::Display for NameTyped {
    /// In lower case and without accents.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_name_somebody() {
        assert!(matches!(Who::parse("Anna@Example.se"), Some(Who::Email(_))));
        assert!(matches!(Who::parse("150002"), Some(Who::Number(_))));
        assert!(matches!(Who::parse("person:007"), Some(Who::Record(id)) if id.as_str() == "007"));
        for bad in ["", "anna", "person:", "-5", "1.5"] {
            assert!(Who::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn names_fit_by_their_words() {
        for (typed, name, begins, is_whole) in [
            ("anna", "Anna Öberg", true, false),
            ("OBERG anna", "Anna Öberg", true, true),
            ("an ob", "Anna Öberg", true, false),
            ("anna berg", "Anna Öberg", false, false),
            ("ana ana", "Ana Novak", false, false),
            ("a an", "Ana Adam", true, false),
            ("jost zagar", "Jošt Žagar", true, true),
            ("Strauss", "Eva Strauß", true, false),
            ("李", "李 小龙", true, false),
        ] {
            let asked = NameTyped::parse(typed).unwrap();
            assert_eq!(asked.begins(name), begins, "{typed} / {name}");
            assert_eq!(asked.is_whole(name), is_whole, "{typed} / {name}");
        }
        let asked = |text| Asked::parse(text);
        assert!(matches!(asked("150002"), Some(Asked::Who(Who::Number(_)))));
        assert!(matches!(asked("anna@x.si"), Some(Asked::Who(Who::Email(_)))));
        assert!(matches!(asked("Anna"), Some(Asked::Name(_))));
        for bad in ["", " ", "-5", "1.5", "1e5", "anna@", "person:", "\u{301}"] {
            assert!(NameTyped::parse(bad).is_none(), "{bad:?}");
        }
    }
}
