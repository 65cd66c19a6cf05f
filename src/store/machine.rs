//! Which computer this is, so that two with one state file notice each other.

use sha2::{Digest, Sha256};

use super::rows::row;
use crate::text::hex::hex;

/// A computer as far as it can be told from others. Digests only: the identities themselves are
/// nobody's business.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its lasting identity: of the installation on Linux, the computer's name elsewhere.
    pub(super) id: Option<String>,
    /// The identity of its current start: containers on one computer share it, whatever their names.
    pub(super) boot: Option<String>,
}

row!(Machine { id, boot });

impl Machine {
    /// This computer. `name` is the computer's name, for systems without the files of Linux.
    #[must_use]
    pub fn here(name: Option<&str>) -> Self {
        // Elsewhere such a path is nobody's, and anybody could make it.
        let read = |path| std::fs::read_to_string(path).ok().filter(|_| cfg!(target_os = "linux"));
        let id = read("/etc/machine-id").filter(|id| !id.trim().is_empty());
        let boot = read("/proc/sys/kernel/random/boot_id");
        // A container's name is another one in every run, so a name counts only where there is no
        // Linux.
        let name = name.filter(|_| boot.is_none()).map(str::to_owned);
        Self { id: id.or(name).as_deref().and_then(digest), boot: boot.as_deref().and_then(digest) }
    }

    /// Whether this surely is another computer. One whose lasting identity or current start is the
    /// same is the same, and where nothing can be compared nothing is guessed.
    pub(super) fn is_other_than(&self, other: &Self) -> bool {
        let pairs = [(&self.id, &other.id), (&self.boot, &other.boot)];
        let mut compared = pairs.iter().filter(|(a, b)| a.is_some() && b.is_some()).peekable();
        compared.peek().is_some() && compared.all(|(a, b)| a != b)
    }
}

/// Eight bytes of a SHA-256 as hex.
fn digest(identity: &str) -> Option<String> {
    let identity = identity.trim();
    if identity.is_empty() {
        return None;
    }
    let hash = Sha256::digest(format!("ivms-sync {identity}").as_bytes());
    Some(hex(hash.get(..8).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(id: Option<&str>, boot: Option<&str>) -> Machine {
        Machine { id: id.map(str::to_owned), boot: boot.map(str::to_owned) }
    }

    #[test]
    fn the_same_or_another() {
        for (id, boot, other_id, other_boot, is_other) in [
            (Some("a"), Some("1"), Some("a"), Some("1"), false),
            // Started anew; or another container on the same computer.
            (Some("a"), Some("1"), Some("a"), Some("2"), false),
            (Some("a"), Some("1"), Some("b"), Some("1"), false),
            (None, Some("1"), Some("b"), Some("1"), false),
            (Some("a"), Some("1"), Some("b"), Some("2"), true),
            (None, Some("1"), Some("b"), Some("2"), true),
            (Some("a"), None, Some("b"), Some("2"), true),
            // Nothing to compare.
            (None, None, Some("b"), Some("2"), false),
            (Some("a"), None, None, Some("2"), false),
            (None, None, None, None, false),
        ] {
            let (one, two) = (machine(id, boot), machine(other_id, other_boot));
            assert_eq!(one.is_other_than(&two), is_other, "{one:?} {two:?}");
            assert_eq!(two.is_other_than(&one), is_other, "{one:?} {two:?}");
        }
    }

    #[test]
    fn identities_are_not_shown() {
        let digest = digest("0123456789abcdef0123456789abcdef\n").unwrap();
        assert_eq!(digest.len(), 16);
        assert!(!digest.contains("0123456789"));
        assert_eq!(super::digest(" \n"), None);
        assert_eq!(Machine::here(None), Machine::here(None), "it does not change by itself");
    }
}
