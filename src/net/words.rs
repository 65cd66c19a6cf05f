//! Why a connection failed, in words of our own: the system's differ from one to the other and with its
//! language.

use std::error::Error;
use std::io;

const NAME_UNKNOWN: &str = "no such host name is known";
/// Windows's numbers for a host name that nobody knows, or not now.
const NO_SUCH_NAME: std::ops::RangeInclusive<i32> = 11001..=11004;

/// The innermost cause of an error, where there is one; it names neither an address nor what was sent.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Some(of_cause(cause))
}

/// An error of whatever kind, as a fragment to be read after a colon.
pub(crate) fn of_cause(cause: &(dyn Error + 'static)) -> String {
    cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), of_io)
}

/// An error of the transport under Cardskipper, webhooks and heartbeats.
pub(crate) fn of_ureq(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => of_io(error),
        ureq::Error::HostNotFound => NAME_UNKNOWN.to_owned(),
        other => other.to_string(),
    }
}

/// An error that the system or a library gave.
pub(crate) fn of_io(error: &io::Error) -> String {
    if let Some(words) = of_kind(error.kind()) {
        return words.to_owned();
    }
    let text = error.to_string();
    let code = error.raw_os_error();
    let is_name = text.starts_with("failed to lookup address information")
        || cfg!(windows) && code.is_some_and(|code| NO_SUCH_NAME.contains(&code));
    match code {
        _ if is_name => NAME_UNKNOWN.to_owned(),
        // Without a number it is a library that speaks.
        Some(code) => format!("the system's error {code}"),
        None => text,
    }
}

fn of_kind(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    Some(match kind {
        Kind::ConnectionRefused => "connection refused",
        Kind::ConnectionReset => "connection reset",
        Kind::ConnectionAborted | Kind::NotConnected | Kind::BrokenPipe => "connection cut off",
        Kind::UnexpectedEof => "connection closed too early",
        Kind::TimedOut => "no answer in time",
        Kind::HostUnreachable => "no way to this host",
        Kind::NetworkUnreachable => "no way to this network",
        Kind::NetworkDown => "the network of this computer is down",
        Kind::AddrNotAvailable => "no address of this computer fits",
        Kind::PermissionDenied => "this computer forbids it, perhaps by its firewall",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutants: the system's text comes through; two kinds with one text where they differ.
    #[test]
    fn every_kind_has_one_text_whatever_the_system_says() {
        use io::ErrorKind as Kind;
        for (kind, words) in [
            (Kind::ConnectionRefused, "connection refused"),
            (Kind::ConnectionReset, "connection reset"),
            (Kind::ConnectionAborted, "connection cut off"),
            (Kind::NotConnected, "connection cut off"),
            (Kind::BrokenPipe, "connection cut off"),
            (Kind::UnexpectedEof, "connection closed too early"),
            (Kind::TimedOut, "no answer in time"),
            (Kind::HostUnreachable, "no way to this host"),
            (Kind::NetworkUnreachable, "no way to this network"),
            (Kind::NetworkDown, "the network of this computer is down"),
            (Kind::AddrNotAvailable, "no address of this computer fits"),
            (Kind::PermissionDenied, "this computer forbids it, perhaps by its firewall"),
            (Kind::InvalidData, "Es konnte keine Verbindung hergestellt werden."),
        ] {
            let german = "Es konnte keine Verbindung hergestellt werden.";
            assert_eq!(of_io(&io::Error::new(kind, german)), words, "{kind:?}");
        }
    }

    /// What the system itself says of these; the numbers are those of Linux.
    #[cfg(target_os = "linux")]
    #[test]
    fn numbers_of_the_system_become_words() {
        for (code, words) in [
            (111, "connection refused"),
            (104, "connection reset"),
            (110, "no answer in time"),
            (113, "no way to this host"),
            (101, "no way to this network"),
            (1, "this computer forbids it, perhaps by its firewall"),
            (105, "the system's error 105"),
        ] {
            assert_eq!(of_io(&io::Error::from_raw_os_error(code)), words, "{code}");
        }
    }

    #[test]
    fn a_name_that_nobody_knows_and_a_chain_of_causes() {
        let text = "failed to lookup address information: Name oder Dienst nicht bekannt";
        assert_eq!(of_io(&io::Error::other(text)), "no such host name is known");
        #[derive(Debug, thiserror::Error)]
        #[error("https://10.0.0.7/secret")]
        struct Outer(#[source] io::Error);
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(innermost(&Outer(refused())).unwrap(), "connection refused");
        assert_eq!(innermost(&refused()), None, "the cause itself has none");
    }
}
