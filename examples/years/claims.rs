//! Whose a card is, as far as the program can know.

use std::collections::BTreeMap;

use crate::door::Card;
use crate::ledger::{Human, Known};
use crate::life::Life;

/// Who lays claim to a card.
pub struct Claims<'a> {
    pub whose: Whose,
    /// The owner as listed now comes first.
    pub by: Vec<Claim<'a>>,
}

/// Whose a card is, as far as the program can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Owners,
    Nobodys,
    Unclear,
}

/// One who does.
pub struct Claim<'a> {
    pub organisation: usize,
    pub known: &'a Known,
    /// Whether they may, and whether they must, be taken to have vanished.
    pub vanished: (bool, bool),
}

impl Life {
    /// Who lays claim to a card. Members who share an e-mail, or whose birth date was corrected, can be
    /// told apart only where nothing is in doubt; in all other cases this says less, not more.
    pub fn claims(&self, cards: &BTreeMap<String, Card>, card: &Card, owner: usize) -> Claims<'_> {
        let me = &self.world.humans[owner];
        let humans = std::iter::once(me).chain(me.tangled_with.map(|at| &self.world.humans[at]));
        let mut by = Vec::new();
        for human in humans {
            let desk = crate::outside::open(&self.world.desks[human.organisation]);
            for known in std::iter::once(&human.known).chain(&human.former) {
                let vanished = known.vanished(desk.complete_at);
                by.push(Claim { organisation: human.organisation, known, vanished });
            }
        }
        let whose = match me.tangled_with {
            Some(other) => self.whose_of_two(cards, card, me, &self.world.humans[other]),
            None if self.has_only_one(card, me, &by) => Whose::Owners,
            None => Whose::Unclear,
        };
        Claims { whose, by }
    }

    /// Whose card it is of two who share an e-mail now, or did once: one of them may still be linked to
    /// the other's card, as long as no card with their own e-mail is there.
    fn whose_of_two(
        &self,
        cards: &BTreeMap<String, Card>,
        card: &Card,
        me: &Human,
        other: &Human,
    ) -> Whose {
        let (Some(mine), Some(theirs)) = (me.sure_email(), other.sure_email()) else {
            return Whose::Unclear;
        };
        let is_found_by = |card: &Card, human: &Human, email: &str| {
            !card.by_hand && self.email_of(card, human) == Some(email)
        };
        let own = cards.get(&other.no);
        if !is_found_by(card, me, mine) {
            Whose::Unclear
        } else if mine == theirs {
            Whose::Nobodys
        } else if own.is_some_and(|own| is_found_by(own, other, theirs)) {
            Whose::Owners
        } else {
            Whose::Unclear
        }
    }

    /// Nobody but the member as listed now can claim the card: whoever they were before their birth
    /// date was corrected has vanished for certain, or was never heard of. (Once all of them have
    /// vanished they are rivals again.)
    fn has_only_one(&self, card: &Card, me: &Human, by: &[Claim<'_>]) -> bool {
        let is_gone = |claim: &Claim<'_>| {
            claim.known.versions().next().is_none()
                || claim.vanished.1 && claim.known.heard.is_empty()
        };
        let Some((now, former)) = by.split_first().filter(|(_, former)| !former.is_empty()) else {
            return true;
        };
        let email = me.known.told.as_ref().and_then(|told| told.member.email.as_ref());
        let is_named = email.is_some_and(|email| self.email_of(card, me) == Some(email.as_str()));
        is_named && !card.by_hand && !now.vanished.0 && former.iter().all(is_gone)
    }

    /// The e-mail by which the program finds a card.
    pub fn email_of<'a>(&self, card: &'a Card, owner: &'a Human) -> Option<&'a str> {
        if self.world.club.by_file { owner.card_email.as_deref() } else { card.email.as_deref() }
    }
}
