//! Writing XML by hand.

/// Text made fit for element content and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    push_escaped(&mut escaped, text);
    escaped
}

/// Appends text made fit for element content and quoted attributes.
pub(crate) fn push_escaped(to: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\'' => to.push_str("&apos;"),
            '\n' => to.push_str("&#10;"),
            '\r' => to.push_str("&#13;"),
            '\t' => to.push_str("&#9;"),
            letter => to.push(letter),
        }
    }
}
