//! Lines that fit a terminal or a mail.

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// A space at which no line is broken.
const HARD_SPACE: &str = "\u{a0}";

/// Breaks a text at its spaces into lines that fit into `width`. A word that is wider stays whole: an
/// address is copied in one piece.
pub(crate) fn wrap(text: &str, width: usize, first: &str, others: &str) -> Vec<String> {
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(others)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).into_iter().map(|line| line.into_owned()).collect()
}

/// The same, but a command between backticks is broken only if it has more columns than `whole_max`.
pub(crate) fn wrap_around_commands(
    text: &str,
    width: usize,
    (first, others): (&str, &str),
    whole_max: usize,
) -> Vec<String> {
    let parts: Vec<&str> = text.split('`').collect();
    let joined = parts.iter().enumerate().map(|(place, part)| {
        let is_command = place % 2 == 1 && place + 1 < parts.len();
        if is_command { part.replace(' ', HARD_SPACE) } else { (*part).to_owned() }
    });
    let joined = joined.collect::<Vec<_>>().join("`");
    let words = joined.split(' ').map(|word| {
        if display_width(word) > whole_max {
            word.replace(HARD_SPACE, " ")
        } else {
            word.to_owned()
        }
    });
    let lines = wrap(&words.collect::<Vec<_>>().join(" "), width, first, others).into_iter();
    lines.map(|line| line.replace(HARD_SPACE, " ")).collect()
}
