//! Words of a command that is printed for somebody to repeat. Pure.

/// A word as it is typed in a shell: in quotes where it needs them. On Windows in double ones, which its own
/// shell and PowerShell both know and no file name holds.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain =
        |c: char| c.is_alphanumeric() || "-_./:=+,@".contains(c) || cfg!(windows) && c == '\\';
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else if cfg!(windows) {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_as_they_are() {
        for word in ["plan.json", "/srv/načrt/a-b_c.json", "door1=1001:150004", "anna+1@example.si"]
        {
            assert_eq!(quoted(word), word);
        }
    }

    /// What a shell makes of the word must be the word. Mutants: a quote that ends the quotes; a sign that a
    /// shell reads.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_the_very_word() {
        for word in [
            "my plan.json",
            "it's",
            "'",
            "",
            "a;b",
            "$HOME",
            "`id`",
            "*",
            "~",
            "a\\b",
            "\"",
            "(x)",
            "a&b|c<d>e#!",
        ] {
            let script = format!("printf %s {}", quoted(word));
            let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), word);
        }
    }
}
