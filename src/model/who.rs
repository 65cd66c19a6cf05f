//! WHO on the command line.

use super::{Email, Holder, HolderNumber, RecordId};

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
}
