//! Long texts on a terminal, page by page: `PAGER` shows them, or `less`.

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::config::Environment;

/// The program that shows pages where `PAGER` names none.
const USUAL: &str = if cfg!(windows) { "more" } else { "less" };

/// Shows a text page by page, and says whether it did: not where stdout is no terminal, where the text fits
/// on it, and where there is nothing that shows pages (`PAGER` is empty or `cat`, or does not start).
#[must_use]
pub fn shows(text: &str, environment: &Environment) -> bool {
    let stdout = std::io::stdout();
    let rows = terminal_size::terminal_size_of(&stdout).map_or(0, |(_, height)| height.0);
    let is_short = text.lines().count() < usize::from(rows);
    if !stdout.is_terminal() || !std::io::stdin().is_terminal() || is_short {
        return false;
    }
    let pager = environment.get("PAGER").unwrap_or(USUAL);
    let mut words = pager.split_whitespace();
    let Some(program) = words.next().filter(|program| *program != "cat") else { return false };
    // Ctrl-C belongs to whoever shows the pages.
    #[cfg(unix)]
    let held =
        signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::new(AtomicBool::new(false)));
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if environment.get("LESS").is_none() {
        // Colours as they are, and the text stays on the screen.
        command.env("LESS", "RX");
    }
    let is_shown = command.spawn().is_ok_and(|mut child| {
        // Whoever has read enough ends the pager before it has taken all.
        let written = child.stdin.take().map(|mut to| to.write_all(text.as_bytes()));
        let ended = child.wait().is_ok_and(|status| status.success());
        ended || written.is_some_and(|it| it.is_err_and(|e| e.kind() == ErrorKind::BrokenPipe))
    });
    #[cfg(unix)]
    if let Ok(id) = held {
        signal_hook::low_level::unregister(id);
    }
    is_shown
}
