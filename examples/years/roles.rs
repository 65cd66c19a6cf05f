//! Changes of `roles` in the configuration: what is taken away because of one waits for a person.

use crate::club::{Club, ROLES};
use crate::ledger::State;
use crate::world::number_of;

/// What opened each door before its roles were changed, by door and organisation, as long as somebody would
/// lose access by the change.
#[derive(Debug, Clone)]
pub struct Roles {
    pub unsettled: Vec<Vec<Option<Club>>>,
    /// Where the program has certainly remembered the roles of now.
    pub is_remembered: Vec<Vec<bool>>,
}

impl Roles {
    pub fn of(club: &Club) -> Self {
        let (doors, organisations) = (club.doors.len(), club.organisations.len());
        Self {
            unsettled: vec![vec![None; organisations]; doors],
            is_remembered: vec![vec![false; organisations]; doors],
        }
    }

    /// The configuration is changed.
    pub fn change(&mut self, before: &Club, after: &Club) {
        for (door, unsettled) in self.unsettled.iter_mut().enumerate() {
            for (organisation, unsettled) in unsettled.iter_mut().enumerate() {
                let opens = |club: &Club| ROLES.map(|role| club.opens(organisation, door, role));
                let is_remembered = &mut self.is_remembered[door][organisation];
                if opens(before) != opens(after) && std::mem::take(is_remembered) {
                    *unsettled = Some(before.clone());
                }
            }
        }
    }

    /// Whether somebody would lose access by a change that waits for a person.
    pub fn wait_for(
        &self,
        now: &Club,
        (organisation, door): (usize, usize),
        state: &State,
    ) -> bool {
        let before = self.unsettled[door][organisation].as_ref();
        before.is_some_and(|before| has_lost(before, now, (organisation, door), state))
    }
}

/// Whether a role opened the door before, and does not now.
pub fn has_lost(
    before: &Club,
    now: &Club,
    (organisation, door): (usize, usize),
    state: &State,
) -> bool {
    state.member.roles.iter().any(|role| {
        let id = number_of(&role.id);
        before.opens(organisation, door, id) && !now.opens(organisation, door, id)
    })
}
