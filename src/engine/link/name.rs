//! Names of members and of persons on a door, compared without case, accents and order. Pure.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::model::{Email, Holder, NameDigest};
use crate::text::fnv::fnv;

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

/// The words of a text in lower case and without accents.
#[must_use]
pub fn plain_words(text: &str) -> Vec<String> {
    words(&plain(text)).map(str::to_owned).collect()
}

fn words(plain: &str) -> impl Iterator<Item = &str> {
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A text in lower case and without accents. Every tick asks it of every member and person, so letters are
/// taken one by one: the order of marks, for which a text is otherwise decomposed whole, does not matter
/// where they are left out.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            plain.push(letter.to_ascii_lowercase());
            continue;
        }
        decompose_compatible(letter, |part| {
            if !is_combining_mark(part) {
                part.to_lowercase().for_each(|lower| push_without_stroke(&mut plain, lower));
            }
        });
    }
    plain
}

/// Letters whose stroke or ligature Unicode does not decompose.
fn push_without_stroke(plain: &mut String, letter: char) {
    plain.push_str(match letter {
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ø' => "o",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ı' => "i",
        _ => return plain.push(letter),
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

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

    proptest! {
        /// Letter by letter, against the text decomposed whole.
        #[test]
        fn marks_are_left_out_in_whatever_order_they_stand(text in "[a-zA-Z \\u{c0}-\\u{24f}\\u{300}-\\u{345}\\u{1e00}-\\u{1eff}\\u{ac00}-\\u{ad00}\\u{fb00}-\\u{fb06}]{0,12}") {
            let whole = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
            let whole = whole.fold(String::new(), |mut whole, letter| {
                push_without_stroke(&mut whole, letter);
                whole
            });
            prop_assert_eq!(plain(&text), whole);
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
