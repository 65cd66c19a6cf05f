//! What a number format of a workbook makes of a whole number. Pure.
//!
//! A spreadsheet shows `42` as `00042` when its format says so, and the door knows the person whom
//! the administrator saw. So the digits alone count only under a format that shows these digits; what
//! cannot be told for sure is not guessed. Source: ECMA-376 part 1, section 18.8.31.

/// What is shown of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum Shown {
    /// Its digits, perhaps with separators of thousands, decimals that are zero, or spaces.
    Digits,
    /// Another text: `00042`, `M0007`.
    Text(String),
    /// Something that cannot be told here, or that no id looks like.
    Unsure,
}

/// A piece of a section of a format.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece {
    /// `0`: a digit, or a zero where there is none.
    Zero,
    /// `#` or `?`: a digit where there is one.
    Digit,
    /// `,`.
    Comma,
    /// `.`.
    Point,
    /// `General` or `@`: the number as it is.
    Whole,
    /// `E+`, `E-`.
    Exponent,
    /// A character that is shown as it is.
    Literal(char),
}

/// What a format shows of a whole number from 0 up.
pub(super) fn shown(number: u64, format: &str) -> Shown {
    let Some(sections) = sections(format) else { return Shown::Unsure };
    let section = match (number, sections.as_slice()) {
        (0, [_, _, zero, ..]) => zero,
        (_, [first, ..]) => first,
        (_, []) => return Shown::Unsure,
    };
    render(&number.to_string(), trimmed(section)).unwrap_or(Shown::Unsure)
}

/// The sections of a format; nothing where one holds a condition or anything that is not known here.
fn sections(format: &str) -> Option<Vec<Vec<Piece>>> {
    let mut sections = vec![Vec::new()];
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let section = sections.last_mut()?;
        let after = rest.get(c.len_utf8()..)?;
        rest = after;
        match c {
            '0' => section.push(Piece::Zero),
            '#' | '?' => section.push(Piece::Digit),
            ',' => section.push(Piece::Comma),
            '.' => section.push(Piece::Point),
            '@' => section.push(Piece::Whole),
            ';' => sections.push(Vec::new()),
            '"' => {
                let (text, after) = after.split_once('"')?;
                section.extend(text.chars().map(Piece::Literal));
                rest = after;
            }
            '[' => {
                let (inner, after) = after.split_once(']')?;
                section.extend(bracketed(inner)?.chars().map(Piece::Literal));
                rest = after;
            }
            // The next character: itself, or the width of it, or repeated to fill the cell.
            '\\' | '_' | '*' => {
                let next = after.chars().next()?;
                match c {
                    '\\' => section.push(Piece::Literal(next)),
                    '_' => section.push(Piece::Literal(' ')),
                    _ if next.is_whitespace() => {}
                    _ => return None,
                }
                rest = after.get(next.len_utf8()..)?;
            }
            'E' | 'e' if after.starts_with(['+', '-']) => {
                section.push(Piece::Exponent);
                rest = after.get(1..)?;
            }
            'G' | 'g' => {
                let word = after.get(..6).filter(|word| word.eq_ignore_ascii_case("eneral"))?;
                section.push(Piece::Whole);
                rest = after.get(word.len()..)?;
            }
            // Per cent and fractions show another number; letters are dates, or not known here.
            '%' | '/' => return None,
            c if c.is_alphanumeric() => return None,
            c => section.push(Piece::Literal(c)),
        }
    }
    Some(sections)
}

/// What square brackets show: nothing for a colour or a language, a sign for a currency.
fn bracketed(inner: &str) -> Option<&str> {
    const COLOURS: [&str; 8] =
        ["black", "blue", "cyan", "green", "magenta", "red", "white", "yellow"];
    /// A language beyond this also names other digits or another calendar.
    const LANGUAGE_DIGITS: usize = 4;
    if let Some(money) = inner.strip_prefix('$') {
        let (sign, language) = money.split_once('-').unwrap_or((money, ""));
        return (language.len() <= LANGUAGE_DIGITS).then_some(sign);
    }
    let word = inner.to_ascii_lowercase();
    let is_numbered = word
        .strip_prefix("color")
        .is_some_and(|number| number.trim().bytes().all(|byte| byte.is_ascii_digit()));
    (COLOURS.contains(&word.as_str()) || is_numbered).then_some("")
}

/// A section without the spaces around it.
fn trimmed(section: &[Piece]) -> &[Piece] {
    let is_space = |piece: &Piece| matches!(piece, Piece::Literal(c) if c.is_whitespace());
    let begin = section.iter().position(|piece| !is_space(piece)).unwrap_or(section.len());
    let end = section.iter().rposition(|piece| !is_space(piece)).map_or(begin, |last| last + 1);
    section.get(begin..end).unwrap_or_default()
}

fn render(digits: &str, section: &[Piece]) -> Option<Shown> {
    let has = |wanted: Piece| section.contains(&wanted);
    let has_literals = section.iter().any(|piece| matches!(piece, Piece::Literal(_)));
    let point = section.iter().position(|piece| *piece == Piece::Point).unwrap_or(section.len());
    let (before, after) = section.split_at_checked(point)?;
    let is_place = |piece: &Piece| matches!(piece, Piece::Zero | Piece::Digit);
    let places = before.iter().filter(|piece| is_place(piece)).count();
    if has(Piece::Whole) {
        if has(Piece::Zero) || has(Piece::Digit) || has(Piece::Comma) || has(Piece::Point) {
            return None;
        }
    } else if places == 0 {
        return None;
    }
    // From the first `0` on every place shows a digit.
    let first_zero = before.iter().position(|piece| *piece == Piece::Zero);
    let digits_min = first_zero
        .map_or(0, |first| before.iter().skip(first).filter(|piece| is_place(piece)).count());
    let is_padded = digits.len() < digits_min;
    // A comma behind the last place divides by a thousand; a 0 without a place shows nothing.
    let last_place = before.iter().rposition(is_place);
    let is_scaled =
        last_place.is_some_and(|last| before.iter().skip(last).any(|piece| *piece == Piece::Comma));
    let is_nothing = digits == "0" && digits_min == 0 && places > 0;
    if is_scaled || is_nothing {
        return None;
    }
    if !is_padded && !has_literals {
        return Some(Shown::Digits);
    }
    if has(Piece::Comma) || has(Piece::Exponent) || !after.is_empty() {
        return None;
    }
    let text = fill(digits, section, places, digits_min);
    let is_id = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    // A minus in front is a negative number to whoever sees it.
    let is_sure = is_id && !text.starts_with('-');
    is_sure.then_some(if text == digits { Shown::Digits } else { Shown::Text(text) })
}

/// Puts digits into their places, from the right; what is left over goes into the first place.
fn fill(digits: &str, section: &[Piece], places: usize, digits_min: usize) -> String {
    let padded = format!("{digits:0>digits_min$}");
    let mut left = padded.as_str();
    let mut place = places;
    let mut text = String::new();
    for piece in section {
        match piece {
            Piece::Literal(c) => text.push(*c),
            Piece::Whole => text.push_str(digits),
            Piece::Zero | Piece::Digit => {
                place = place.saturating_sub(1);
                let (now, later) =
                    left.split_at_checked(left.len().saturating_sub(place)).unwrap_or((left, ""));
                text.push_str(now);
                left = later;
            }
            Piece::Comma | Piece::Point | Piece::Exponent => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a number under a format: `=` its digits, `?` nothing.
    fn read(number: u64, format: &str) -> String {
        match shown(number, format) {
            Shown::Digits => "=".to_owned(),
            Shown::Text(text) => text,
            Shown::Unsure => "?".to_owned(),
        }
    }

    #[test]
    fn formats_that_show_the_digits() {
        for format in [
            "General",
            "GENERAL",
            "@",
            "0",
            "#",
            "#0",
            "?????",
            "0.00",
            "#,##0",
            "#,##0.00",
            "00",
            "0_)",
            "_ 0_ ",
            "#,##0 ;(#,##0)",
            "#,##0 ;[Red](#,##0)",
            "[$-409]0",
            "[Color 12]0",
            "_(* #,##0_);_(* (#,##0);_(* \"-\"_);_(@_)",
            "0.00E+00",
            "##0.0E+0",
            "0;-0;0;@",
            "0\\ ",
        ] {
            assert_eq!(read(42, format), "=", "{format}");
        }
        assert_eq!(read(12_345, "0000"), "=");
        assert_eq!(read(12_345, "[$-424]00000"), "=");
        assert_eq!(read(0, "0"), "=");
        assert_eq!(read(0, "0;-0;General"), "=");
    }

    // Mutants: `digits_min` counts only the zeros; the section for zero is not looked for; a language
    // in brackets is a literal; digits go in from the left.
    #[test]
    fn formats_that_show_another_text() {
        for (number, format, text) in [
            (42, "00000", "00042"),
            (42, "[$-424]00000", "00042"),
            (7, "\\M0000", "M0007"),
            (42, "\"M\"00000", "M00042"),
            (42, "0##", "042"),
            (42, "#000", "042"),
            (12_345, "0000-00", "0123-45"),
            (42, "0000-00", "0000-42"),
            (1_234_567, "00-00", "12345-67"),
            (42, "00000;-00000;\"none\"", "00042"),
            (0, "0;-0;000", "000"),
            (0, "00000", "00000"),
            (42, "[Red]00000_)", "00042"),
            (42, "General\"a\"", "42a"),
            (42, "000\\.000", "000.042"),
        ] {
            assert_eq!(read(number, format), text, "{number} as {format}");
        }
    }

    // Mutants: conditions, fills and scales are passed over.
    #[test]
    fn formats_of_which_nothing_is_sure() {
        for format in [
            "[<100]00000;0",
            "*00",
            "*-0",
            "0,",
            "0,000",
            "00000.00",
            "0%",
            "# ?/?",
            "00/00",
            "\"Nr. \"0",
            "0\" pcs\"",
            "$#,##0",
            "[$€-407]0",
            "[DBNum1]0",
            "[$-2000000]0",
            "yyyy",
            "0 0",
            ";;",
            "",
            "\"x\"",
            "0\"open",
            "[Red0",
            "0\\",
            "-0",
            "t0",
            "000E+0",
            "General0",
        ] {
            assert_eq!(read(42, format), "?", "{format}");
        }
        for format in ["#", "0;-0;;@", "0;-0;\"-\""] {
            assert_eq!(read(0, format), "?", "{format}");
        }
    }
}
