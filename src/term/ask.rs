//! Questions to a person at a terminal. They stand on stderr, since stdout is for what came of them.

use std::io::{self, IsTerminal as _, Write as _};

/// Whether there is somebody to ask.
#[must_use]
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line, which comes without the space around it; none where the input has ended.
///
/// # Errors
/// What the operating system says.
pub fn line(question: &str) -> io::Result<Option<String>> {
    say(question)?;
    let mut answer = String::new();
    let count = io::stdin().read_line(&mut answer)?;
    Ok((count > 0).then(|| answer.trim().to_owned()))
}

/// Asks for a password, which is not shown; none where the input has ended.
///
/// # Errors
/// What the operating system says.
pub fn password(question: &str) -> io::Result<Option<String>> {
    say(question)?;
    match rpassword::read_password() {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Says something beside the questions.
///
/// # Errors
/// What the operating system says.
pub fn say(text: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
