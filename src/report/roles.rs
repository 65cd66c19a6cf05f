//! Which roles members hold, held against those that are configured, for `check`. Pure.
//!
//! A role that was renumbered at its source, or mistyped here, makes every member one without a door, and
//! no single member shows that.

use std::collections::{BTreeMap, BTreeSet};

use super::check::Finding;
use crate::exit::Exit;
use crate::model::{Holder, RightCode};
use crate::text::lists::{many, some_of};

/// So many roles are listed.
const LISTED_MAX: usize = 20;

/// How many members hold each role, whatever its dates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    members: usize,
    by_role: BTreeMap<RightCode, usize>,
}

impl Held {
    /// Counts the roles of these members.
    #[must_use]
    pub fn by<'a>(members: impl Iterator<Item = &'a Holder>) -> Self {
        let mut held = Self::default();
        for member in members {
            held.members += 1;
            for role in BTreeSet::from_iter(member.role_ids()) {
                *held.by_role.entry(role.clone()).or_default() += 1;
            }
        }
        held
    }
}

/// The roles of a section of a source, and what is wrong with its `roles` (`None`: every role opens doors).
#[must_use]
pub fn of_source(
    section: &str,
    held: &Held,
    configured: Option<&BTreeSet<RightCode>>,
    names: &BTreeMap<RightCode, String>,
) -> Vec<Finding> {
    if held.members == 0 {
        return Vec::new();
    }
    let mut found = vec![Finding::ok(name(section), listed(held, configured, names))];
    found.extend(configured.and_then(|roles| wrong(section, held, roles, names)));
    found
}

/// What is wrong with the `roles` of a section of a target; `held` by the members of all organisations.
#[must_use]
pub fn of_door(
    section: &str,
    held: &Held,
    configured: &BTreeSet<RightCode>,
    names: &BTreeMap<RightCode, String>,
) -> Option<Finding> {
    if held.members == 0 {
        return None;
    }
    wrong(section, held, configured, names)
}

fn listed(
    held: &Held,
    configured: Option<&BTreeSet<RightCode>>,
    names: &BTreeMap<RightCode, String>,
) -> String {
    let mut roles: Vec<(&RightCode, &usize)> = held.by_role.iter().collect();
    roles.sort_by_key(|(role, count)| (std::cmp::Reverse(**count), *role));
    if roles.is_empty() {
        return "nobody holds a role".to_owned();
    }
    let listed = roles.into_iter().map(|(role, count)| {
        let is_idle = configured.is_some_and(|roles| !roles.contains(role));
        let idle = if is_idle { " (opens no door)" } else { "" };
        format!("{} {}{idle}", called(role, names), many(*count, "member"))
    });
    format!("roles: {}", some_of(listed, LISTED_MAX, ", "))
}

fn wrong(
    section: &str,
    held: &Held,
    configured: &BTreeSet<RightCode>,
    names: &BTreeMap<RightCode, String>,
) -> Option<Finding> {
    let idle: Vec<&RightCode> =
        configured.iter().filter(|role| !held.by_role.contains_key(*role)).collect();
    if idle.is_empty() {
        return None;
    }
    let all = |roles: &mut dyn Iterator<Item = &RightCode>| {
        roles.map(|role| called(role, names)).collect::<Vec<_>>().join(", ")
    };
    let named = all(&mut idle.iter().copied());
    let text = if idle.len() == configured.len() {
        let members = many(held.members, "member");
        format!("of {members} nobody holds a role named under `roles` ({named}), so no door opens")
    } else {
        format!("nobody holds {named}, which is listed under `roles`")
    };
    let others = all(&mut held.by_role.keys().filter(|role| !configured.contains(*role)));
    let others = if others.is_empty() { "no other role".to_owned() } else { others };
    let remedy =
        format!("correct `roles` of [{section}]; besides those named there members hold {others}");
    Some(Finding::failed(name(section), text, Some(remedy), Exit::Config))
}

/// The name in a section: `club` in `KIND.club`.
fn name(section: &str) -> &str {
    section.rsplit('.').next().unwrap_or(section)
}

/// A role with its name. One without a name is remembered by its number.
fn called(role: &RightCode, names: &BTreeMap<RightCode, String>) -> String {
    match names.get(role) {
        Some(name) if *name != role.to_string() => format!("{role} {name}"),
        _ => role.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::check::Verdict;

    fn role(id: i64) -> RightCode {
        RightCode::whole(id).unwrap()
    }

    fn held(counts: &[(i64, usize)], members: usize) -> Held {
        Held { members, by_role: counts.iter().map(|(id, count)| (role(*id), *count)).collect() }
    }

    /// Mutants: a role that somebody holds whose dates are over taken for one that nobody holds; a failure
    /// where every role opens doors; one failure for an organisation without members.
    #[test]
    fn roles_that_are_configured_and_roles_that_are_held() {
        let names = BTreeMap::from([
            (role(3126), "Gym".to_owned()),
            (role(3162), "Sauna".to_owned()),
            (role(9), "9".to_owned()),
        ]);
        let listed = "roles: 3126 Gym 40 members, 3162 Sauna 1 member";
        for (what, held, configured, text, failure) in [
            ("every role", held(&[(3126, 40), (3162, 1)], 41), None, listed, None),
            (
                "one of two",
                held(&[(3126, 40), (3162, 1)], 41),
                Some(vec![3126]),
                "roles: 3126 Gym 40 members, 3162 Sauna 1 member (opens no door)",
                None,
            ),
            ("both", held(&[(3126, 40), (3162, 1)], 41), Some(vec![3126, 3162]), listed, None),
            (
                "renumbered",
                held(&[(3162, 30)], 30),
                Some(vec![3126]),
                "roles: 3162 Sauna 30 members (opens no door)",
                Some(
                    "of 30 members nobody holds a role named under `roles` (3126 Gym), so no door opens",
                ),
            ),
            (
                "one mistyped",
                held(&[(3126, 40)], 40),
                Some(vec![3126, 9]),
                "roles: 3126 Gym 40 members",
                Some("nobody holds 9, which is listed under `roles`"),
            ),
            (
                "members without any role",
                held(&[], 3),
                Some(vec![3126]),
                "nobody holds a role",
                Some(
                    "of 3 members nobody holds a role named under `roles` (3126 Gym), so no door opens",
                ),
            ),
        ] {
            let configured = configured.map(|ids| BTreeSet::from_iter(ids.into_iter().map(role)));
            let found = of_source("cardskipper.club", &held, configured.as_ref(), &names);
            assert_eq!((found[0].verdict, &*found[0].text), (Verdict::Ok, text), "{what}");
            let failed: Vec<&str> = found[1..].iter().map(|one| one.text.as_str()).collect();
            assert_eq!(failed, Vec::from_iter(failure), "{what}");
            assert!(found[1..].iter().all(|one| one.exit == Exit::Config && one.remedy.is_some()));
            let at_door =
                configured.and_then(|roles| of_door("hikvision.door", &held, &roles, &names));
            assert_eq!(at_door.map(|one| one.text).as_deref(), failure, "{what}");
        }
        assert_eq!(
            of_source("cardskipper.club", &held(&[], 0), Some(&[role(1)].into()), &names),
            []
        );
    }

    #[test]
    fn many_roles_are_not_all_listed() {
        let many: Vec<(i64, usize)> = (1..=23).map(|id| (id, 24 - id as usize)).collect();
        let found = of_source("cardskipper.club", &held(&many, 50), None, &BTreeMap::new());
        assert!(found[0].text.starts_with("roles: 1 23 members, 2 22 members, "), "{found:?}");
        assert!(found[0].text.ends_with(", and 3 more"), "{found:?}");
    }
}
