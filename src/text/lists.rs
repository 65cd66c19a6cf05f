//! Counts and lists in words.

use std::collections::BTreeSet;

/// A number of things in words: `1 change`, `2 changes`.
#[must_use]
pub(crate) fn many(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// One of several names, each once: `Cardskipper`, `Cardskipper or Toybook`.
pub(crate) fn either(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" or ")
}

/// The first of several things, and how many there are besides: `1, 2, and 5 more`.
pub(crate) fn some_of<T: ToString>(
    all: impl IntoIterator<Item = T>,
    shown_max: usize,
    separator: &str,
) -> String {
    let mut all = all.into_iter();
    let mut parts: Vec<String> = all.by_ref().take(shown_max).map(|one| one.to_string()).collect();
    let more = all.count();
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    parts.join(separator)
}
