//! "Did you mean": the nearest of the names that exist.

/// The candidate nearest to `typed`, when it is near enough to be a slip: at most a third of the
/// letters differ. Case does not count; of equally near candidates the first wins.
pub(crate) fn nearest<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed: Vec<char> = typed.to_lowercase().chars().take(LONGEST).collect();
    let limit = typed.len().div_ceil(3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&typed, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Those of the candidates that differ from `typed` by at most `limit` letters, nearest first, at most
/// `count`. Case does not count; `typed` itself is none of them.
pub(crate) fn near<'a, T>(
    typed: &str,
    limit: usize,
    count: usize,
    candidates: impl IntoIterator<Item = (&'a str, T)>,
) -> Vec<T> {
    let typed: Vec<char> = typed.to_lowercase().chars().take(LONGEST).collect();
    let mut found: Vec<(usize, T)> = candidates
        .into_iter()
        .map(|(candidate, what)| (distance(&typed, &candidate.to_lowercase()), what))
        .filter(|(distance, _)| (1..=limit).contains(distance))
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().take(count).map(|(_, what)| what).collect()
}

/// Longer names are cut: the work grows with the product of both lengths.
const LONGEST: usize = 128;

/// Letters to insert, remove or replace to make one text of the other (Levenshtein).
fn distance(left: &[char], right: &str) -> usize {
    let mut row: Vec<usize> = (0..=left.len()).collect();
    for (line, letter) in right.chars().take(LONGEST).enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut before = line + 1;
        next.push(before);
        for (other, pair) in left.iter().zip(row.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            let replaced = diagonal + usize::from(*other != letter);
            before = replaced.min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (left, right, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("url", "url", 0),
            ("kitten", "sitting", 3),
        ] {
            let letters: Vec<char> = left.chars().collect();
            assert_eq!(distance(&letters, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn the_nearest_come_first_and_oneself_never() {
        let candidates = ["anna@example.se", "hanna@example.se", "bo@example.se", "ana@example.se"];
        let found = near("anna@exmaple.se", 3, 2, candidates.map(|name| (name, name)));
        assert_eq!(found, ["anna@example.se", "hanna@example.se"]);
        let all = near("ANNA@example.se", 1, 9, candidates.map(|name| (name, name)));
        assert_eq!(all, ["hanna@example.se", "ana@example.se"]);
    }

    #[test]
    fn only_slips_are_answered() {
        let keys = ["url", "username", "password", "roles"];
        for (typed, expected) in [
            ("pasword", Some("password")),
            ("user", None),
            ("usrname", Some("username")),
            ("role", Some("roles")),
            ("URL", Some("url")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, keys), expected, "{typed}");
        }
    }
}
