//! Text from outside made fit to be stored, compared and shown.

use crate::model::{steers, visible};

/// The most characters of a first or last name that are kept; nothing we show or compare needs more.
pub(super) const NAME_MAX_CHARS: usize = 128;

/// The most characters of a body that an error quotes: one line of a terminal.
const EXCERPT_MAX_CHARS: usize = 120;

/// A name, trimmed, without characters that steer a terminal, at most [`NAME_MAX_CHARS`] long.
pub(super) fn clean_name(text: &str) -> String {
    visible(text, NAME_MAX_CHARS)
}

/// The beginning of a body on one line, for an error: white space joined, control characters removed,
/// everything in `secrets` replaced, since a server's error page may echo the request.
pub(super) fn excerpt(body: &str, secrets: &[&str]) -> String {
    one_line(&without_secrets(body, secrets))
}

/// The words of an error page or an XML error: what people read when they see it in a browser.
pub(super) fn excerpt_of_page(page: &str, secrets: &[&str]) -> String {
    // Secrets first: one that holds a `<` would be torn apart otherwise.
    one_line(&without_tags(&without_secrets(page, secrets)))
}

fn without_secrets(body: &str, secrets: &[&str]) -> String {
    let mut text = body.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
    }
    text
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !steers(*c)).collect();
    if line.chars().count() <= EXCERPT_MAX_CHARS {
        return line;
    }
    let mut cut = shorten(&line, EXCERPT_MAX_CHARS - 1).to_owned();
    cut.push('…');
    cut
}

/// Text without tags, and a page of nothing but tags, is given back as it is.
fn without_tags(page: &str) -> String {
    if !page.trim_start().starts_with('<') {
        return page.to_owned();
    }
    let mut words = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        words.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    if words.trim().is_empty() { page.to_owned() } else { words }
}

/// A value for a message: on one line, without characters that steer a terminal.
pub(super) fn quotable(text: &str, chars_max: usize) -> String {
    text.chars().filter(|c| !steers(*c)).take(chars_max).collect()
}

/// The first `chars_max` characters.
pub(super) fn shorten(text: &str, chars_max: usize) -> &str {
    match text.char_indices().nth(chars_max) {
        None => text,
        Some((end, _)) => text.get(..end).unwrap_or(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_quoted_by_its_words() {
        let page = "<!DOCTYPE html>\r\n<title>No entry</title><h1>Go <i>away</i></h1";
        assert_eq!(excerpt_of_page(page, &[]), "No entry Go away");
        assert_eq!(excerpt_of_page("<p>you sent a<b>c", &["a<b>c"]), "you sent ***");
        assert_eq!(without_tags("a < b"), "a < b");
        assert_eq!(without_tags("<a/>"), "<a/>");
    }

    #[test]
    fn names_cannot_steer_a_terminal() {
        assert_eq!(clean_name("  Anna\u{1b}[31m \u{202e}Ek\u{7} "), "Anna[31m Ek");
        assert_eq!(clean_name("漢".repeat(500).as_str()).chars().count(), NAME_MAX_CHARS);
        assert_eq!(clean_name("\u{feff} O'Neil & Söner "), "O'Neil & Söner");
    }

    #[test]
    fn excerpts_are_one_line_without_secrets() {
        assert_eq!(
            excerpt("<html>\r\n\t<p>you sent hunter2</p>", &["hunter2", ""]),
            "<html> <p>you sent ***</p>"
        );
        assert_eq!(excerpt(&"å ".repeat(500), &[]).chars().count(), EXCERPT_MAX_CHARS);
    }
}
