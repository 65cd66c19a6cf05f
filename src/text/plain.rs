//! Texts compared without case and accents, as people type names. Pure.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// The words of a text in lower case and without accents.
#[must_use]
pub(crate) fn plain_words(text: &str) -> Vec<String> {
    words(&plain(text)).map(str::to_owned).collect()
}

/// The words of a text that is plain already.
pub(crate) fn words(plain: &str) -> impl Iterator<Item = &str> {
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A text in lower case and without accents. Every tick asks it of every member and person, so letters are
/// taken one by one: the order of marks, for which a text is otherwise decomposed whole, does not matter
/// where they are left out.
pub(crate) fn plain(text: &str) -> String {
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
}
