//! The files a run reads, so that nothing is ever written over one of them.

use std::path::Path;

use super::Config;
use crate::files::{is_same, resolved};

impl Config {
    /// Which of our own files a path is, by whatever name, in words to be read after "is"; `None`: another
    /// one. What lies beside the state file under its name, as its locks do, is taken for it.
    #[must_use]
    pub fn own_file_at(&self, path: &Path) -> Option<String> {
        let list = || self.vehicles.lists.iter().find(|list| is_same(&list.file, path));
        let list = || list().map(|list| format!("the list of permits {}", list.file.display()));
        self.read_file_at(path).or_else(list)
    }

    /// The same of those that a run relies on, as it does not on what it writes for others.
    pub(super) fn read_file_at(&self, path: &Path) -> Option<String> {
        let is = |own: &&Path| is_same(own, path);
        let named = |what: &str, own: &Path| format!("{what} {}", own.display());
        if is(&self.path.as_path()) {
            return Some(named("the configuration", &self.path));
        }
        if is(&self.state.as_path()) || is_beside(&self.state, path) {
            return Some(named("the state file, or belongs to it:", &self.state));
        }
        let link_file = self.link.files.iter().map(AsRef::as_ref).find(is);
        let rights_file = || self.vehicles.paths().map(AsRef::as_ref).find(is);
        let mut spools = self.books.spools();
        let spooled = spools.any(|(_, spool)| spool.holds(path));
        let secret = || self.secret_files.iter().map(AsRef::as_ref).find(is);
        link_file
            .map(|own| named("the link file", own))
            .or_else(|| rights_file().map(|own| named("the rights-file", own)))
            .or_else(|| secret().map(|own| named("a file with a password:", own)))
            .or_else(|| spooled.then(|| named("a file that arrives:", path)))
    }
}

/// Whether a path has the name of the state file with something added, in the same folder.
fn is_beside(state: &Path, path: &Path) -> bool {
    let (state, path) = (resolved(state), resolved(path));
    let names = state.file_name().zip(path.file_name());
    state.parent() == path.parent()
        && names.is_some_and(|(own, other)| {
            let rest = other.as_encoded_bytes().strip_prefix(own.as_encoded_bytes());
            rest.is_some_and(|rest| rest.starts_with(b".") || rest.starts_with(b"-"))
        })
}
