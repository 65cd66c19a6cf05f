//! Names of members and of persons on a door, compared without case, accents and order. Pure.

use crate::model::{Email, Holder, NameDigest};
use crate::text::fnv::fnv;
use crate::text::plain::{plain, plain_words, words};

/// So many letters of a first name must be equal: `Alex` is taken for `Alexander`, `Ana` not for `Anton`.
const FIRST_NAME_LETTERS: usize = 3;

/// The digest of a name on a door.
#[must_use]
pub fn name_digest(name: &str) -> NameDigest {
    let plain = plain(name);
    words(&plain).map(|one| fnv(one.bytes())).fold(0, u64::wrapping_add).cast_signed()
}

/// The digest of a member's e-mail; 0 for none. It is stored.
#[must_use]
pub fn email_digest(email: Option<&Email>) -> i64 {
    email.map_or(0, |email| fnv(email.as_str().bytes()).cast_signed())
}

/// Whether the name on a device contains the member's last name, without case and accents, as
/// whole words: `Li` is not found in `Oliver`.
#[must_use]
pub fn name_agrees(last_name: &str, name_on_device: &str) -> bool {
    without_last_name(last_name, name_on_device).is_some()
}

/// Whether the name on a device is very likely the member's: it contains the last name, and what is
/// left of it is nothing, an initial of a first name, or begins like one. Two of a family are not
/// taken for each other.
#[must_use]
pub fn is_same_person(member: &Holder, name_on_device: &str) -> bool {
    let Some(rest) = without_last_name(&member.last_name, name_on_device) else { return false };
    let first_names = plain_words(&member.first_name);
    let begins_alike = |one: &String, other: &String| {
        let letters = |text: &String| text.chars().count();
        let compared = letters(one).min(letters(other)).min(FIRST_NAME_LETTERS);
        one.chars().take(compared).eq(other.chars().take(compared))
    };
    let is_first_name = |word: &String| first_names.iter().any(|name| begins_alike(word, name));
    rest.is_empty() || first_names.is_empty() || rest.iter().any(is_first_name)
}

/// Whether two names that are both known have no word in common.
#[must_use]
pub fn is_unlike(member: &Holder, name_on_device: &str) -> bool {
    let on_device = plain_words(name_on_device);
    let words = plain_words(&member.name());
    let is_known = !on_device.is_empty() && !words.is_empty();
    is_known && !words.iter().any(|word| on_device.contains(word))
}

/// The words of the name on a device that are not the last name, if that is in it.
fn without_last_name(last_name: &str, name_on_device: &str) -> Option<Vec<String>> {
    let wanted = plain_words(last_name);
    let mut present = plain_words(name_on_device);
    if wanted.is_empty() {
        return None;
    }
    let place = present.windows(wanted.len()).position(|window| window == wanted)?;
    present.drain(place..place + wanted.len());
    Some(present)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{bare, holder};

    #[test]
    fn names_compare_without_case_and_accents_as_whole_words() {
        for (last, device, want) in [
            ("Žagar", "ana zagar", true),
            ("Åström", "LARS ASTROM", true),
            ("Đurić", "duric, ana", true),
            ("von Berg", "Anna von Berg", true),
            ("Li", "Oliver Smith", false),
            ("", "Anyone", false),
            ("-", "Any one", false),
            ("Novak", "", false),
        ] {
            assert_eq!(name_agrees(last, device), want, "{last} / {device}");
        }
    }

    /// Mutants that this catches: the last name alone decides; the initial alone decides; an unknown
    /// first name never fits.
    #[test]
    fn two_of_a_family_are_not_the_same_person() {
        let member = |first: &str, last: &str| Holder {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            ..bare(holder("1"))
        };
        for (first, last, device, want) in [
            ("Ana", "Novak", "Novak Ana", true),
            ("Ana", "Novak", "NOVAK", true),
            ("Ana", "Novak", "A. Novak", true),
            ("Ana", "Novak", "Bor Novak", false),
            ("Ana", "Novak", "Anton Novak", false),
            ("Alexander", "Kos", "Alex Kos", true),
            ("Ana Marija", "Novak", "Marija Novak", true),
            ("", "Novak", "Bor Novak", true),
            ("Ana", "", "Ana", false),
            ("Ana", "Novak", "", false),
            ("Žiga", "Žagar", "ziga zagar", true),
            ("Ana", "Novak", "Ana Kos", false),
        ] {
            assert_eq!(
                is_same_person(&member(first, last), device),
                want,
                "{first} {last}/{device}"
            );
        }
    }

    #[test]
    fn the_digest_knows_no_case_no_accents_and_no_order() {
        assert_eq!(name_digest(""), 0);
        assert_eq!(name_digest(" - "), 0);
        assert_eq!(name_digest("Novak, Ana"), name_digest("ANA novak"));
        assert_eq!(name_digest("Žagar Ana"), name_digest("ana zagar"));
        assert_ne!(name_digest("Ana Novak"), name_digest("Ana Kos"));
        assert_ne!(name_digest("Ana Novak"), name_digest("Ana"));
        // It is in state files: it must never change.
        assert_eq!(name_digest("Ana Novak"), 1_535_092_550_936_239_233);
    }
}
