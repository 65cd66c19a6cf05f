//! Characters that a person must not be shown: they steer a terminal, turn the direction of writing,
//! or hide, so that one name looks like another.

/// Whether a character steers or hides: control characters of both sets, line and paragraph
/// separators, every mark that turns the direction of what follows, invisible characters without a
/// use in a name, and tags. The two joiners stay: Persian names and family emoji are written with them.
#[must_use]
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text of one line, without what steers or hides, trimmed, at most so many characters.
#[must_use]
pub fn visible(text: &str, chars_max: usize) -> String {
    let kept: String = text.chars().filter(|c| !steers(*c)).collect();
    let trimmed = kept.trim();
    match trimmed.char_indices().nth(chars_max) {
        None => trimmed.to_owned(),
        Some((end, _)) => trimmed.get(..end).unwrap_or_default().trim_end().to_owned(),
    }
}

/// A name that somebody else gave, on one line: what steers or hides is shown as an escape, so that two names that
/// differ by it look different.
#[must_use]
pub fn escaped(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        match steers(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// A JSON document with what steers or hides written as `\u` escapes: the same document to a program,
/// and harmless on a terminal. Outside of texts JSON holds nothing of the kind but line ends.
#[must_use]
pub fn inert_json(document: &str) -> String {
    let mut inert = String::with_capacity(document.len());
    for c in document.chars() {
        if steers(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                inert.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            inert.push(c);
        }
    }
    inert
}

/// A text on one line, for a terminal, a mail or a page. What stood for a gap becomes a space; what only
/// steered or hid goes without a trace.
#[must_use]
pub fn printable(text: &str) -> String {
    let is_gap = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars()
        .filter(|c| is_gap(*c) || !steers(*c))
        .map(|c| if is_gap(c) { ' ' } else { c })
        .collect()
}

/// The same for a message of several lines, which stay.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Whether a character shows nothing, so that two ids that look the same differ by it.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    steers(c) || matches!(c, '\u{34f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_shown_and_what_not() {
        assert_eq!(visible("  Anna\u{1b}[31m \u{202e}Ek\u{7}\u{9b}2J ", 99), "Anna[31m Ek2J");
        assert_eq!(visible("An\u{200b}na\u{ad}\u{2060}\u{feff}\u{e0041}", 99), "Anna");
        for whole in
            ["Žiga Šuštar", "漢字", "e\u{301}", "می\u{200c}خواهم", "👩\u{200d}👩\u{200d}👧"]
        {
            assert_eq!(visible(whole, 99), whole);
        }
        assert_eq!(visible("ab cd", 3), "ab");
        assert_eq!(visible(&"漢".repeat(500), 128).chars().count(), 128);
        assert_eq!(printable_lines("a\u{1b}[2J\nb\tc\r\u{202e}d"), "a [2J\nb c d");
    }

    proptest! {
        #[test]
        fn json_stays_the_same_document(text in any::<String>(), odd in prop::sample::select(vec![
            "\u{9b}31m", "\u{202e}", "\u{7f}", "\u{e0041}", "\u{2028}", "\u{feff}", "\"\\\n\u{0}",
        ])) {
            let value = serde_json::json!({"name": format!("{text}{odd}{text}")});
            let inert = inert_json(&serde_json::to_string_pretty(&value).unwrap());
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&inert).unwrap(), &value);
            prop_assert!(inert.chars().all(|c| c == '\n' || !steers(c)));
        }
    }
}
