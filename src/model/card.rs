//! Numbers of payment cards, which have no place in any document. Pure.

/// The digits of the shortest and of the longest number of a card.
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// Whether a text holds what may be the number of a payment card: 13 to 19 digits in a row, or with single blanks or
/// hyphens between them, which begin with 2 to 6 and fit their check digit (ISO/IEC 7812).
#[must_use]
pub fn has_card_number(text: &str) -> bool {
    // Most texts are ids, and shorter.
    if text.len() < *DIGITS.start() {
        return false;
    }
    let mut run: Vec<u8> = Vec::new();
    let mut is_joined = false;
    for byte in text.bytes().chain([b'\n']) {
        match byte {
            b'0'..=b'9' => {
                run.push(byte - b'0');
                is_joined = false;
            }
            b' ' | b'-' if !run.is_empty() && !is_joined => is_joined = true,
            _ => {
                if is_card(&run) {
                    return true;
                }
                run.clear();
                is_joined = false;
            }
        }
    }
    false
}

/// The check digit by the formula of Luhn.
fn is_card(digits: &[u8]) -> bool {
    let begins_as_one = digits.first().is_some_and(|first| (2..=6).contains(first));
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, *digit) {
            (0, digit) => u32::from(digit),
            (_, digit @ 0..=4) => u32::from(digit) * 2,
            (_, digit) => u32::from(digit) * 2 - 9,
        })
        .sum();
    DIGITS.contains(&digits.len()) && begins_as_one && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_and_other_numbers_are_not() {
        for (text, want) in [
            // Numbers that networks publish for tests.
            ("4111111111111111", true),
            ("378282246310005", true),
            ("5555 5555 5555 4444", true),
            ("6011-1111-1111-1117", true),
            ("paid with 4242424242424242, thanks", true),
            ("4222222222222", true),
            ("4111111111111112", false),
            ("1111111111111117", false),
            // 20 digits are no card, whatever is in them.
            ("41111111111111110000", false),
            ("4111  1111 1111 1111", false),
            ("2024-01-01T12:15:00.000Z", false),
            ("AIMS-2024-000123", false),
            ("", false),
        ] {
            assert_eq!(has_card_number(text), want, "{text}");
        }
    }
}
